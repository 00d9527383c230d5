package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

type keysCmd struct {
	List      keysListCmd      `cmd:"" help:"${help_keys_list}"`
	Make      keysMakeCmd      `cmd:"" help:"${help_keys_make}"`
	Public    keysPublicCmd    `cmd:"" help:"${help_keys_public}"`
	Renew     keysRenewCmd     `cmd:"" help:"${help_keys_renew}"`
	Suite     keysSuiteCmd     `cmd:"" help:"${help_keys_suite}"`
	File      keysFileCmd      `cmd:"" help:"${help_keys_file}"`
	Recipient keysRecipientCmd `cmd:"" help:"${help_keys_recipient}"`
	Witness   keysWitnessCmd   `cmd:"" help:"${help_keys_witness}"`
	Directory keysDirectoryCmd `cmd:"" help:"${help_keys_directory}"`
	Rewrap    keysRewrapCmd    `cmd:"" help:"${help_keys_rewrap}"`
	Sheet     keysSheetCmd     `cmd:"" help:"${help_keys_sheet}"`
}

type keysListCmd struct{ database }

// Run lists the organs and how their keys stand.
func (c *keysListCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	organs, err := organsOf(e.ctx, a.DB)
	if err != nil {
		return err
	}
	for _, u := range organs {
		ks, err := custody.Keys(e.ctx, a.DB.In(u.ID.City), u.ID)
		if err != nil {
			return err
		}
		state := locale.T(e.lang, "cli.keys.none")
		if len(ks) > 0 && ks[0].Retired == "" {
			state = locale.T(e.lang, "cli.keys.since", ks[0].Made, locale.T(e.lang, "organkey.suite."+ks[0].Suite))
		}
		e.say("keys.organ", u.Commission(), u.Code, state)
	}
	return nil
}

// organsOf lists every organ of the deployment, each tenant's top first.
func organsOf(ctx context.Context, d *db.DB) ([]access.Unit, error) {
	cities, err := app.Tenants(ctx, d)
	if err != nil {
		return nil, err
	}
	var out []access.Unit
	for _, city := range cities {
		r := d.In(city)
		top, err := access.Top(ctx, r)
		if err != nil {
			return nil, err
		}
		counties, err := access.UnitsOf(ctx, r, "", "county")
		if err != nil {
			return nil, err
		}
		for _, u := range append([]access.Unit{top}, counties...) {
			if !u.ID.Zero() {
				out = append(out, u)
			}
		}
	}
	return out, nil
}

type keysMakeCmd struct {
	database
	Unit           string `required:"" help:"${help_unit}"`
	PassphraseFile string `placeholder:"FILE" help:"${help_passphrase_file}"`
	Second         string `placeholder:"FILE" help:"${help_keys_second}"`
}

// Run makes an organ's key under a passphrase of its custodian.
func (c *keysMakeCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	u, err := unit(e, a, c.Unit)
	if err != nil {
		return err
	}
	p, err := e.passphrase(c.PassphraseFile)
	if err != nil {
		return err
	}
	s, err := secret(p, c.Second)
	if err != nil {
		return err
	}
	if err := a.Custody.MakeKey(e.ctx, access.ByOperator(u.ID.City), u, s); err != nil {
		return err
	}
	e.say("keys.made", u.Commission())
	return nil
}

// secret is a passphrase, with a key file if one is named.
func secret(passphrase, file string) (seal.Secret, error) {
	s := seal.Secret{Passphrase: passphrase}
	if file == "" {
		return s, nil
	}
	b, err := os.ReadFile(file)
	s.File = b
	return s, err
}

// passphrase reads a passphrase from a file, or one line of the input.
func (e *env) passphrase(file string) (string, error) {
	if file != "" {
		return passphrase(file)
	}
	fmt.Fprintln(e.errs, locale.T(e.lang, "cli.keys.passphrase"))
	line, err := bufio.NewReader(e.in).ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	return checked(line)
}

// unit finds a unit by its id or its division code, in whichever tenant.
func unit(e *env, a *app.App, name string) (access.Unit, error) {
	if x, err := id.Parse(name); err == nil {
		return access.GetUnit(e.ctx, a.DB.In(x.City), x.Key)
	}
	cities, err := app.Tenants(e.ctx, a.DB)
	if err != nil {
		return access.Unit{}, err
	}
	for _, c := range cities {
		u, err := access.UnitByCode(e.ctx, a.DB.In(c), name)
		if fault.KindOf(err) != fault.NotFound {
			return u, err
		}
	}
	return access.Unit{}, fault.New(fault.NotFound, "unit.unknown", name)
}

type keysPublicCmd struct{ database }

// Run shows what signatures on the logs are checked with.
func (c *keysPublicCmd) Run(e *env) error {
	d, err := c.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	n, err := ledger.LoadNotary(e.ctx, d)
	if err != nil {
		return err
	}
	if n.Name == "" {
		e.say("keys.no_deployment")
		return nil
	}
	e.say("keys.deployment", n.Name)
	for _, p := range append(slices.Clone(n.Publics), n.Seconds...) {
		fmt.Fprintln(e.out, p)
	}
	return nil
}

type keysRenewCmd struct {
	database
	keyFile
}

// Run takes the key file that is there into use, or a new one when there is none.
func (c *keysRenewCmd) Run(e *env) error {
	d, err := c.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	path := c.keyFile.path(c.database)
	key, err := seal.LoadDeployment(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = seal.NewDeployment(path)
	}
	if err != nil {
		return err
	}
	l := &ledger.Ledger{DB: d}
	if _, err := l.Adopt(e.ctx, access.ByOperator, key, true); err != nil {
		return err
	}
	e.say("keys.renewed", path)
	return nil
}

type keysSuiteCmd struct {
	database
	keyFile
	Suite string `arg:"" optional:"" enum:"age,sm,show" default:"show" help:"${help_suite}"`
}

// suites are the suites by the names that people type.
var suites = map[string]string{"age": seal.Age, "sm": seal.SM}

// Run says how new keys are made, after choosing if one is named, and which organs' keys are of another kind.
func (c *keysSuiteCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	if c.Suite != "show" {
		key, err := c.load(e, c.database, a.DB)
		if err != nil {
			return err
		}
		if err := a.Ledger.Choose(e.ctx, access.ByOperator, key, suites[c.Suite]); err != nil {
			return err
		}
	}
	suite, err := ledger.Suite(e.ctx, a.DB)
	if err != nil {
		return err
	}
	e.say("keys.suite", locale.T(e.lang, "organkey.suite."+suite))
	organs, err := organsOf(e.ctx, a.DB)
	if err != nil {
		return err
	}
	for _, u := range organs {
		k, ok, err := custody.Current(e.ctx, a.DB.In(u.ID.City), u.ID)
		if err != nil {
			return err
		}
		if ok && k.Suite != suite {
			e.say("keys.suite_other", u.Commission(), locale.T(e.lang, "organkey.suite."+k.Suite))
		}
	}
	return nil
}

type keysFileCmd struct {
	Out string `arg:"" name:"file" help:"${help_out}"`
}

// Run makes a key file that belongs to a passphrase.
func (c *keysFileCmd) Run(e *env) error {
	if err := keep(c.Out, bytes.NewReader(seal.NewFile())); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fault.New(fault.Conflict, "key.file_there", c.Out)
		}
		return err
	}
	e.say("keys.file", c.Out)
	return nil
}

type keysRecipientCmd struct {
	Out   string `arg:"" name:"file" help:"${help_out}"`
	Suite string `enum:"age,sm" default:"age" help:"${help_suite}"`
}

// Run makes a key that backups are sealed to: the private half into a file, the public half to the output.
func (c *keysRecipientCmd) Run(e *env) error {
	private, public, err := seal.NewKey(suites[c.Suite])
	if err != nil {
		return err
	}
	if err := keep(c.Out, strings.NewReader(private+"\n")); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fault.New(fault.Conflict, "key.file_there", c.Out)
		}
		return err
	}
	e.say("keys.recipient", c.Out)
	fmt.Fprintln(e.out, public)
	return nil
}

type keysDirectoryCmd struct {
	database
	keyFile
	Out string `required:"" placeholder:"FILE" help:"${help_out}"`
}

// Run writes what the public side is given to know, signed.
func (c *keysDirectoryCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	key, err := c.load(e, c.database, a.DB)
	if err != nil {
		return err
	}
	d, err := a.Directory(e.ctx, a.DB.Today())
	if err != nil {
		return err
	}
	signer, err := key.Signer(directoryName)
	if err != nil {
		return err
	}
	b, err := d.Sign(signer)
	if err != nil {
		return err
	}
	if err := e.deliver(c.Out, b); err != nil {
		return err
	}
	without := 0
	for _, o := range d.Organs {
		if o.Key.Public == "" {
			without++
			e.say("keys.directory_without", o.Name)
		}
	}
	verifier, err := seal.VerifierKey(directoryName, key.Public())
	if err != nil {
		return err
	}
	e.say("keys.directory", strconv.Itoa(len(d.Organs)-without), strconv.Itoa(len(d.Units)))
	fmt.Fprintln(e.out, verifier)
	return nil
}

// directoryName is what the deployment's key signs directories as.
const directoryName = "qianshao-directory"
