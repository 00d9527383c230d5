package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/custody"
	"qianshao/internal/custody/custodyhttp"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
)

// What is done with an organ's key by several people in one room, and the sheet that they sign.

type keysRewrapCmd struct {
	database
	Unit           string `required:"" help:"${help_unit}"`
	PassphraseFile string `placeholder:"FILE" help:"${help_passphrase_file}"`
	Second         string `placeholder:"FILE" help:"${help_keys_second}"`
	AboveFile      string `placeholder:"FILE" help:"${help_keys_rewrap_above}"`
	AboveSecond    string `placeholder:"FILE" help:"${help_keys_rewrap_above_second}"`
}

// Run gives an organ whose passphrase is lost another one, with the key of the organ above.
func (c *keysRewrapCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	u, err := unit(e, a, c.Unit)
	if err != nil {
		return err
	}
	above, err := access.Above(e.ctx, a.DB.In(u.ID.City), u)
	if err != nil {
		return err
	}
	if above.ID.Zero() {
		return fault.New(fault.Conflict, "key.no_above")
	}
	lines := bufio.NewReader(e.in)
	upper, err := e.secret(lines, c.AboveFile, "cli.keys.above", above.Commission())
	if err != nil {
		return err
	}
	lower, err := e.secret(lines, c.PassphraseFile, "cli.keys.again", u.Commission())
	if err != nil {
		return err
	}
	theirs, err := secret(upper, c.AboveSecond)
	if err != nil {
		return err
	}
	ours, err := secret(lower, c.Second)
	if err != nil {
		return err
	}
	k := a.Custody
	if err := k.Unlock(e.ctx, access.ByOperator(above.ID.City), above, theirs); err != nil {
		return err
	}
	opened, all, err := k.Rewrap(e.ctx, access.ByOperator(u.ID.City), u, ours)
	if err := errors.Join(err, k.Lock(e.ctx, access.ByOperator(above.ID.City), above)); err != nil {
		return err
	}
	e.say("keys.rewrapped", u.Commission(), strconv.Itoa(opened), strconv.Itoa(all))
	return nil
}

// secret is a passphrase from a file, or the next line of the input, which is asked for.
func (e *env) secret(lines *bufio.Reader, file, ask, whose string) (string, error) {
	if file != "" {
		return passphrase(file)
	}
	fmt.Fprintln(e.errs, locale.T(e.lang, ask, whose))
	line, err := lines.ReadString('\n')
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		return "", err
	}
	return checked(line)
}

type keysSheetCmd struct {
	database
	Unit string `required:"" help:"${help_unit}"`
	Out  string `placeholder:"FILE" help:"${help_out}"`
	For  string `enum:"first,replace,lost,leave,merge" default:"first" help:"${help_keys_sheet_for}"`
}

// Run prints the sheet that a ceremony is held by.
func (c *keysSheetCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	u, err := unit(e, a, c.Unit)
	if err != nil {
		return err
	}
	r := a.DB.In(u.ID.City)
	above, err := access.Above(e.ctx, r, u)
	if err != nil {
		return err
	}
	key, has, err := custody.Current(e.ctx, r, u.ID)
	if err != nil {
		return err
	}
	s, err := custodyhttp.SheetOf(e.lang, c.For, u, above, key, has)
	if err != nil {
		return err
	}
	out := s.Title + "\n\n" + strings.Join(s.Facts, "\n") + "\n\n" + s.Head + "\n"
	for i, step := range s.Steps {
		out += strconv.Itoa(i+1) + ". " + step + "\n   □ ______________\n"
	}
	out += "\n" + strings.Join(s.Rules, "\n") + "\n\n" + s.Sign + "\n" + strings.Join(s.Names, "\n") + "\n"
	if c.Out != "" {
		return e.deliver(c.Out, []byte(out))
	}
	_, err = io.WriteString(e.out, out)
	return err
}
