package main

import (
	"context"
	"crypto/tls"
	"errors"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

type portalCmd struct {
	Listen  string `default:"127.0.0.1:8081" env:"QIANSHAO_PORTAL_LISTEN" help:"${help_portal_listen}"`
	Spool   string `required:"" placeholder:"DIR" env:"QIANSHAO_SPOOL" help:"${help_portal_spool}"`
	Keys    string `placeholder:"FILE" env:"QIANSHAO_PORTAL_KEYS" help:"${help_portal_keys}"`
	Trust   string `placeholder:"KEY" env:"QIANSHAO_PORTAL_TRUST" help:"${help_portal_trust}"`
	Cert    string `placeholder:"FILE" env:"QIANSHAO_PORTAL_CERT" help:"${help_cert}"`
	CertKey string `placeholder:"FILE" env:"QIANSHAO_PORTAL_CERT_KEY" help:"${help_cert_key}"`
}

// How often the directory's file is looked at, and how often it is said that requests broke: not more often, for when
// somebody came is nobody's business.
var (
	lookEvery = 5 * time.Second
	sayEvery  = time.Hour
)

// Run is the public side alone, until it is told to stop.
func (c *portalCmd) Run(e *env) error {
	if (c.Cert == "") != (c.CertKey == "") {
		return usage("serve.certificate_half")
	}
	signal.Ignore(syscall.SIGPIPE) // whoever reads what is said may die before us
	joined, err := spool.Join(c.Spool)
	if err != nil {
		return fault.New(fault.Invalid, "portal.spool", c.Spool).Because(err)
	}
	done, err := joined.Alone("portal/lock")
	if errors.Is(err, spool.ErrBusy) {
		return fault.New(fault.Conflict, "portal.two", c.Spool)
	}
	if err != nil {
		return err
	}
	defer done()
	s, err := spool.Open(c.Spool)
	if err != nil {
		return fault.New(fault.Invalid, "portal.spool", c.Spool).Because(err)
	}
	h, err := portal.OpenHome(s, c.Trust)
	if err != nil {
		return err
	}
	file := &portal.Watched{Path: c.Keys}
	if c.Keys == "" {
		file.Path = filepath.Join(c.Spool, "directory")
	}
	if err := c.look(e, h, file); h.Directory() == nil {
		return fault.New(fault.Invalid, "portal.no_directory", file.Path).Because(err)
	} else if err != nil {
		e.fail(err) // the former holds
	}
	var broken atomic.Int64
	p := &portal.Portal{Directory: h.Directory, Spool: s, Calendar: calendar.Shipped(), Now: time.Now, Signer: h.Notes, Broken: func() { broken.Add(1) }}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.CertKey)
		if err != nil {
			return fault.New(fault.Invalid, "serve.certificate").Because(err)
		}
		p.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	} else if !loopback(c.Listen) {
		e.say("serve.plain", c.Listen)
	}
	ctx, stop := context.WithCancel(e.ctx)
	watched := make(chan struct{})
	defer func() { stop(); <-watched }()
	go func() {
		defer close(watched)
		c.watch(ctx, e, h, file, &broken)
	}()
	return p.Serve(ctx, c.Listen, func(at string) {
		e.say("portal.up", address(c.Cert != "", at))
		e.say("portal.notes", h.Notes.Public)
	})
}

// look takes a directory that is new into use, and says so.
func (c *portalCmd) look(e *env, h *portal.Home, file *portal.Watched) error {
	fresh, err := file.Look(h)
	if fresh {
		d := h.Directory()
		e.say("portal.directory", string(d.Made), strconv.Itoa(len(d.Organs)), strconv.Itoa(len(d.Units)))
	}
	return err
}

func (c *portalCmd) watch(ctx context.Context, e *env, h *portal.Home, file *portal.Watched, broken *atomic.Int64) {
	look, say := time.NewTicker(lookEvery), time.NewTicker(sayEvery)
	defer look.Stop()
	defer say.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if err := c.look(e, h, file); err != nil {
				e.fail(err)
			}
		case <-say.C:
			if n := broken.Swap(0); n > 0 {
				e.say("portal.broken", strconv.FormatInt(n, 10))
			}
		}
	}
}
