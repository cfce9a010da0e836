// Command neighbor_service answers over HTTP which words are nearest to a word. The vectors are opened once; all
// requests read them at the same time, since nothing in reading takes a lock.
//
//	go run ./examples/neighbor_service vectors.txt localhost:8080
//	curl 'localhost:8080/neighbors?word=king&k=5'
//	curl 'localhost:8080/neighbors?word=king&word=woman&without=man'
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/go-cloze/cloze/embeddings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: neighbor_service VECTORS ADDRESS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "neighbor_service:", err)
		os.Exit(1)
	}
}

// serve answers until the context ends; requests under way are finished.
func serve(ctx context.Context, path, address string) error {
	vectors, err := embeddings.Open(path) // a .cloze store is mapped: it opens at once and is shared between processes
	if err != nil {
		return err
	}
	defer vectors.Close()
	server := &http.Server{Addr: address, Handler: handler(vectors), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		wait, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		done <- server.Shutdown(wait)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}

func handler(vectors *embeddings.Vectors) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /neighbors", func(w http.ResponseWriter, r *http.Request) {
		form := r.URL.Query()
		k := 10
		if text := form.Get("k"); text != "" {
			var err error
			if k, err = strconv.Atoi(text); err != nil || k < 1 || k > 1000 {
				reply(w, http.StatusBadRequest, failure{Error: "k must be a whole number from 1 to 1000"})
				return
			}
		}
		query := embeddings.Query{Positive: embeddings.Words(form["word"]...), Negative: embeddings.Words(form["without"]...)}
		query.Threads = 1 // requests run side by side already
		answer, err := vectors.Search(query, k)
		var unknown *embeddings.UnknownWordError
		switch {
		case errors.As(err, &unknown):
			reply(w, http.StatusNotFound, failure{Error: err.Error(), Near: unknown.Near})
		case err != nil:
			reply(w, http.StatusBadRequest, failure{Error: err.Error()})
		default:
			reply(w, http.StatusOK, answer)
		}
	})
	return mux
}

// failure is what a request gets that cannot be answered.
type failure struct {
	Error string   `json:"error"`
	Near  []string `json:"near,omitempty"` // words spelled like the unknown one
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
