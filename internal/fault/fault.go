// Package fault is the one error type that a person can cause or mend.
//
// A fault has a kind (which decides the HTTP status and the exit code), a stable code (which decides the text, in
// the reader's language, in package locale) and, for bad input, the fields it stands beside. Anything that is not a
// fault is the program's own failure: it is logged once with an incident number and shown as nothing more than that.
//
// Invariants: a fault never carries the submitted values (they are in the form that is shown again), never says
// whether a hidden thing exists (out of scope, recused and named all read as NotFound), and its arguments are only
// names, days and numbers that the reader of the message may see anyway.
//
// Start at New and Invalid; the edge (package web) calls KindOf, Code and Fields.
package fault

import (
	"errors"
	"strings"
)

// Kind says what went wrong in terms of what the caller can do about it.
type Kind int

// The kinds. Internal is what every error that is no fault counts as.
const (
	Internal        Kind = iota // a defect or an outage of ours: 500
	Invalid                     // what was sent can't be used as it is: 422
	NotFound                    // not there, or not for this reader: 404
	Forbidden                   // seen, but not this person's to do: 403
	Conflict                    // changed meanwhile, or no longer possible: 409
	Unauthenticated             // nobody is signed in: 401
	TooLarge                    // refused before reading it all: 413
	TooMany                     // slow down: 429
	Unavailable                 // try again: 503
	BadRequest                  // the request itself is malformed: 400
)

// Field is one bad input: the form field's name and what is wrong with it.
type Field struct {
	Name string
	Code string
	Args []string
}

// Error is the fault itself. Args fill the placeholders of the code's text, in order.
type Error struct {
	Kind   Kind
	Code   string
	Args   []string
	Fields []Field
	cause  error
}

// New makes a fault of the kind with the code of its text and the text's arguments.
func New(kind Kind, code string, args ...string) *Error {
	return &Error{Kind: kind, Code: code, Args: args}
}

// InvalidField is an Invalid fault about one field.
func InvalidField(name, code string, args ...string) *Error {
	return &Error{Kind: Invalid, Code: "invalid", Fields: []Field{{name, code, args}}}
}

// InvalidFields is an Invalid fault about several fields, or nil when there are none.
func InvalidFields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid", Fields: fields}
}

// Because keeps the technical cause for the log; it is never shown.
func (e *Error) Because(err error) *Error {
	e.cause = err
	return e
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for _, a := range e.Args {
		b.WriteString(" " + a)
	}
	for _, f := range e.Fields {
		b.WriteString(" [" + f.Name + ": " + f.Code + "]")
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare kind and code, so that tests and callers can ask for a certain fault.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// As finds the fault in an error chain.
func As(err error) (*Error, bool) {
	var f *Error
	ok := errors.As(err, &f)
	return f, ok
}

// KindOf is the kind of the fault in the chain, Internal if there is none.
func KindOf(err error) Kind {
	if f, ok := As(err); ok {
		return f.Kind
	}
	return Internal
}

// Code is the code of the fault in the chain, "internal" if there is none.
func Code(err error) string {
	if f, ok := As(err); ok {
		return f.Code
	}
	return "internal"
}

// Fields lists the bad inputs of the fault in the chain.
func Fields(err error) []Field {
	if f, ok := As(err); ok {
		return f.Fields
	}
	return nil
}

// Hidden is what everything reads as that is absent, out of scope, recused from or about the reader: one error, so
// that the four can't be told apart.
func Hidden() *Error { return New(NotFound, "not_found") }

// Stale says that somebody else changed the thing first.
func Stale() *Error { return New(Conflict, "stale") }
