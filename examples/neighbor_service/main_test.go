package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-cloze/cloze/embeddings"
)

const vectorsFile = "../embed_lookup/vectors.txt"

func Example() {
	vectors, err := embeddings.Open(vectorsFile)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, url := range []string{"/neighbors?word=king&k=2", "/neighbors?word=king&word=harbour&without=queen&k=1", "/neighbors?word=shop", "/neighbors", "/neighbors?word=king&k=many"} {
		w := httptest.NewRecorder()
		handler(vectors).ServeHTTP(w, httptest.NewRequest("GET", url, nil))
		var body struct {
			embeddings.Answer
			failure
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%d %s%v", w.Code, body.Error, body.Near)
		for _, n := range body.Neighbors {
			fmt.Printf(" %s %.4f", n.Word, n.Similarity)
		}
		fmt.Println()
	}
	// Output:
	// 200 [] prince 0.9948 queen 0.9828
	// 200 [] ship 0.9674
	// 404 word "shop" is not among the 5 words; nearest spelling: "ship"[ship]
	// 400 the query has no word with a vector (0 given, 0 unknown)[]
	// 400 k must be a whole number from 1 to 1000[]
}

func TestAnswersManyAtOnceAndStops(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, vectorsFile, address) }()
	url := "http://" + address + "/neighbors?word=king&k=3"
	want := fetch(t, url)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			for range 10 {
				if got := fetch(t, url); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	wait.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// fetch waits for the service to be there.
func fetch(t *testing.T, url string) string {
	for try := 0; ; try++ {
		r, err := http.Get(url)
		if err == nil {
			body, err := io.ReadAll(r.Body)
			r.Body.Close()
			if err != nil || r.StatusCode != http.StatusOK {
				t.Errorf("status %d %v", r.StatusCode, err)
			}
			return string(body)
		}
		if try == 100 {
			t.Errorf("no answer: %v", err)
			return ""
		}
		time.Sleep(20 * time.Millisecond)
	}
}
