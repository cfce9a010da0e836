package embeddings

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const markZip = "PK\x03\x04"

// openMember opens "archive.zip/member": a zip archive is looked into like a
// folder. It says false where no part of the path is such an archive.
func (o Options) openMember(path string) (*Vectors, error, bool) {
	for at := strings.LastIndexAny(path, `/\`); at > 0; at = strings.LastIndexAny(path[:at], `/\`) {
		info, err := os.Stat(path[:at])
		if err != nil {
			continue
		}
		if !info.Mode().IsRegular() {
			break // a folder: the rest is simply not there
		}
		file, err := os.Open(path[:at])
		if err != nil {
			break
		}
		defer file.Close()
		if archive := asZip(file, info.Size()); archive != nil {
			v, err := o.openArchive(archive, path[:at], filepath.ToSlash(path[at+1:]))
			return v, err, true
		}
		break
	}
	return nil, nil, false
}

// asZip is the file as a zip archive, nil where it is none or damaged. A file
// that only begins like one has no directory at its end.
func asZip(file *os.File, size int64) *zip.Reader {
	var mark [len(markZip)]byte
	if _, err := file.ReadAt(mark[:], 0); err != nil || string(mark[:]) != markZip {
		return nil
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil
	}
	return archive
}

// openArchive reads a member; "" is the only one there is.
func (o Options) openArchive(archive *zip.Reader, path, member string) (*Vectors, error) {
	fail := func(cause string, err error, remedy string) (*Vectors, error) {
		return nil, &Error{File: path, Cause: cause, Err: err, Remedy: remedy}
	}
	var members []*zip.File
	var list []string
	for _, f := range archive.File {
		// Resource forks are what macOS adds; nobody means them.
		if !f.FileInfo().IsDir() && !strings.HasPrefix(f.Name, "__MACOSX/") && (member == "" || f.Name == member) {
			members = append(members, f)
		}
		if len(list) < 20 && !f.FileInfo().IsDir() {
			list = append(list, quote(f.Name))
		}
	}
	names := strings.Join(list, " ")
	switch {
	case len(members) == 0 && member != "":
		return fail("the zip archive has no member "+quote(member)+"; it has: "+names, nil, "name one of these")
	case len(members) == 0:
		return fail("the zip archive holds no file", nil, "give an archive with a vector file")
	case len(members) > 1:
		return fail(fmt.Sprintf("a zip archive of %d files: %s", len(members), names), nil, "name one as if the archive were a folder: "+filepath.Join(path, members[0].Name))
	}
	body, err := members[0].Open()
	if err != nil {
		return fail("member "+quote(members[0].Name)+" of the zip archive cannot be unpacked", err, "pack it again, with the method deflate")
	}
	defer body.Close()
	in := &input{Options: o, path: path + "/" + members[0].Name, size: -1, body: readerOnly{body}}
	return in.read()
}

// readerOnly hides that the member can be closed.
type readerOnly struct{ io.Reader }
