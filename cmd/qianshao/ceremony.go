package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
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
	For  string `enum:"first,replace,lost,leave" default:"first" help:"${help_keys_sheet_for}"`
}

// sheetSteps is how many steps each ceremony has.
var sheetSteps = map[string]int{"first": 6, "replace": 5, "lost": 6, "leave": 4}

// Run prints the sheet that a ceremony is held by: what is done in which order, what is written down, who witnesses, where
// it is kept. No passphrase and no private key is ever on it.
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
	if !u.IsOrgan() {
		return fault.New(fault.Conflict, "key.no_organ", u.Name)
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
	t := func(name string, args ...string) string { return locale.T(e.lang, "sheet.key."+name, args...) }
	upper := t("top")
	if !above.ID.Zero() {
		upper = above.Commission()
	}
	out := t("title."+c.For, u.Commission()) + "\n\n" + t("organ", u.Commission(), u.Code) + "\n" + t("above", upper) + "\n"
	if has {
		out += t("key", key.Made, envelope.Mark(key.Public)) + "\n"
	} else {
		out += t("no_key") + "\n"
	}
	out += "\n" + t("steps") + "\n"
	for i := 1; i <= sheetSteps[c.For]; i++ {
		n := strconv.Itoa(i)
		out += n + ". " + t(c.For+"."+n, u.Code, upper) + "\n   □ ______________\n"
	}
	out += "\n" + t("write") + "\n" + t("keep") + "\n" + t("never") + "\n\n" + t("signed") + "\n"
	for _, who := range []string{"custodian", "second", "witness", "operator"} {
		out += t("line", t(who)) + "\n"
	}
	if c.Out != "" {
		return e.deliver(c.Out, []byte(out))
	}
	_, err = io.WriteString(e.out, out)
	return err
}
