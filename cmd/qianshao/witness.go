package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/witness"
)

type witnessCmd struct {
	Log    string        `required:"" placeholder:"URL" help:"${help_witness_log}"`
	Key    string        `required:"" placeholder:"FILE" help:"${help_witness_key}"`
	Name   string        `placeholder:"NAME" help:"${help_witness_name}"`
	State  string        `placeholder:"DIR" help:"${help_witness_state}"`
	Listen string        `placeholder:"ADDR" help:"${help_witness_listen}"`
	Every  time.Duration `default:"10m" help:"${help_witness_every}"`
	Once   bool          `help:"${help_witness_once}"`
	Trust  bool          `help:"${help_witness_trust}"`
}

// Run watches until it is told to stop, or makes one round. It fails when anything was refused.
func (c *witnessCmd) Run(e *env) error {
	if c.Every < time.Second {
		return usage("witness.often")
	}
	w, err := c.open(e)
	if err != nil {
		return err
	}
	serving := make(chan error, 1)
	if c.Listen != "" && !c.Once {
		words := func(key string, args ...string) string { return locale.T(e.lang, "cli.witness."+key, args...) }
		go func() {
			serving <- w.Serve(e.ctx, c.Listen, words, func(at string) { e.say("witness.listens", at) })
		}()
	}
	for {
		err := c.round(e, w)
		if c.Once {
			return err
		}
		if err != nil {
			e.fail(err)
		}
		w.Trust = false // it was said of what stood then
		select {
		case <-e.ctx.Done():
			return nil
		case err := <-serving:
			return fault.New(fault.Invalid, "serve.address", c.Listen).Because(err)
		case <-time.After(c.Every):
		}
	}
}

// open reads the witness's key, or makes it, and the folder of what it remembers.
func (c *witnessCmd) open(e *env) (*witness.Witness, error) {
	b, err := os.ReadFile(c.Key)
	if errors.Is(err, fs.ErrNotExist) {
		name := c.Name
		if name == "" {
			return nil, usage("witness.name")
		}
		k, err := checkpoint.NewSigning(name)
		if err != nil {
			return nil, usage("witness.name")
		}
		if err := keep(c.Key, bytes.NewReader(k.File())); err != nil {
			return nil, err
		}
		b = k.File()
		e.say("witness.made", c.Key)
	} else if err != nil {
		return nil, err
	}
	key, err := checkpoint.ParseSigning(b)
	if err != nil {
		return nil, fault.New(fault.Invalid, "witness.key", c.Key)
	}
	e.say("witness.public", key.Public())
	dir := c.State
	if dir == "" {
		dir = c.Key + ".logs"
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &witness.Witness{Key: key, Dir: dir, URL: c.Log, Trust: c.Trust, Now: time.Now}, nil
}

func (c *witnessCmd) round(e *env, w *witness.Witness) error {
	before, err := w.Known()
	if err != nil {
		return err
	}
	r, err := w.Round(e.ctx)
	if now, _ := w.Known(); now.Name != before.Name || !slices.Equal(now.Publics, before.Publics) {
		e.say("witness.pinned", c.Log, now.Name, strings.Join(now.Publics, " "))
	}
	switch {
	case errors.Is(err, witness.ErrOther):
		return fault.New(fault.Conflict, "witness.other", c.Log).Because(err)
	case errors.Is(err, witness.ErrKeys):
		return fault.New(fault.Conflict, "witness.keys", c.Log).Because(err)
	case errors.Is(err, witness.ErrStranger):
		return fault.New(fault.Forbidden, "witness.stranger", c.Log, w.Key.Public())
	case err != nil:
		return fault.New(fault.Unavailable, "witness.away", c.Log).Because(err)
	}
	for _, err := range r.Errors {
		fmt.Fprintln(e.errs, err)
	}
	for _, l := range r.Refused {
		fmt.Fprintln(e.errs, locale.T(e.lang, "cli.witness.refuses", l.Log, locale.T(e.lang, "cli.witness.why."+l.Refused.Why), l.Refused.At.Local().Format(time.DateTime)))
	}
	if len(r.Refused) > 0 {
		return fault.New(fault.Conflict, "witness.refused", strconv.Itoa(len(r.Refused)), w.Dir)
	}
	e.say("witness.round", strconv.Itoa(r.Logs))
	if len(r.Errors) > 0 {
		return fault.New(fault.Unavailable, "witness.away", c.Log)
	}
	return nil
}

type keysWitnessCmd struct {
	database
	Key   string `arg:"" optional:"" placeholder:"KEY" help:"${help_keys_witness_key}"`
	Place string `placeholder:"NAME" help:"${help_keys_witness_place}"`
	End   bool   `help:"${help_keys_witness_end}"`
}

// Run lists the witnesses, or takes one's key into use or out of it.
func (c *keysWitnessCmd) Run(e *env) error {
	d, err := c.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	if c.Key == "" {
		known, err := ledger.Witnesses(e.ctx, d)
		for _, k := range known {
			fmt.Fprintf(e.out, "%s\t%s\n", k.Place, k.Key)
		}
		if err == nil && len(known) == 0 {
			e.say("keys.no_witness")
		}
		return err
	}
	if c.End == (c.Place != "") {
		return usage("witness.place")
	}
	l := &ledger.Ledger{DB: d}
	if err := l.Know(e.ctx, access.ByOperator, ledger.Known{Key: c.Key, Place: c.Place}); err != nil {
		return err
	}
	if c.End {
		e.say("keys.witness_ended")
		return nil
	}
	e.say("keys.witness", c.Place)
	return nil
}
