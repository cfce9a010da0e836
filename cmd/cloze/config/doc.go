// Package config fills plain structs from a YAML file and from --set a.b=c.
//
// The way of the data: a verb holds a struct with its defaults (each section is the Config of the package it
// configures), [Load] lays the file's keys over it and then the --set keys, and [Format] writes the result with
// every default spelled out. A key that no field has, a value of the wrong type, an anchor, a damaged or a
// gigantic file is an [*Error] of one line that names the file, the line, the key and the nearest key there is.
//
// A field's key is its yaml tag, else its json tag (Hugging Face's names), else its Go name in snake case.
// Fields that a text file cannot hold (functions, channels, interfaces, maps) have no key; an embedded interface that
// holds a pointer to a struct lends that struct's keys.
//
// It is the only package that imports goccy/go-yaml; the parser is used for its syntax tree alone, so that no
// alias is ever expanded and each message knows its place.
package config
