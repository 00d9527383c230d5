package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"

	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/proof"
)

// proof checks what a reporter was given. It opens no database and asks nobody.
func (c *verifyCmd) proof(e *env) error {
	if c.Letter != "" && !c.Receipt {
		return usage("verify.letter")
	}
	a := proof.Ask{Publics: c.Public, Witnesses: c.Witness}
	for _, f := range []struct {
		path string
		take func(b []byte)
	}{{c.Proof, func(b []byte) { a.Proof = string(b) }}, {c.Note, func(b []byte) { a.Note = string(b) }}, {c.Letter, func(b []byte) { a.Letter = b }}} {
		if f.path == "" {
			continue
		}
		b, err := os.ReadFile(f.path)
		if err != nil {
			return fault.New(fault.Invalid, "verify.file", f.path).Because(err)
		}
		f.take(b)
	}
	if c.Receipt {
		// Never on the line: other users of the machine could read it there, and the shell remembers it.
		b, err := io.ReadAll(io.LimitReader(e.in, 1<<10))
		if err != nil {
			return err
		}
		if a.Receipt, err = envelope.ParseReceipt(string(b)); err != nil {
			return fault.New(fault.Invalid, "verify.receipt")
		}
	}
	ls := proof.Check(a)
	for _, l := range ls {
		fmt.Fprintln(e.out, mark[l.State]+" "+locale.T(e.lang, "proof."+l.Code, l.Args...))
	}
	switch {
	case !proof.Good(ls):
		return fault.New(fault.Conflict, "verify.proof")
	case slices.ContainsFunc(ls, func(l proof.Line) bool { return l.State == proof.Open }):
		fmt.Fprintln(e.out, locale.T(e.lang, "proof.good.own"))
	default:
		fmt.Fprintln(e.out, locale.T(e.lang, "proof.good"))
	}
	return nil
}

var mark = map[proof.State]string{proof.Holds: "✓", proof.Open: "?", proof.Fails: "✗"}

// page writes the page that does the same in a browser.
func (c *verifyCmd) page(e *env) error {
	if err := keep(c.Page, bytes.NewReader(proof.Page())); err != nil {
		return err
	}
	e.say("verify.page", c.Page)
	return nil
}
