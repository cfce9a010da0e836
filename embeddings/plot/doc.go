// Package plot draws words as points on a plane: as a page for a browser that
// needs nothing from the network (html.go, page.html), or as a picture, PNG or
// SVG, by gonum/plot (picture.go). Where the points lie is somebody else's
// business: embeddings/reduce.
package plot
