package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/demo"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/obs"
	"qianshao/internal/platform/seal"
)

type demoCmd struct {
	Listen  string `default:"127.0.0.1:8080" help:"${help_listen}"`
	Portal  string `default:"127.0.0.1:8081" help:"${help_serve_portal}"`
	Metrics string `help:"${help_metrics}"`
	Data    string `default:"qianshao-data" placeholder:"DIR" help:"${help_data}"`
	Today   string `placeholder:"YYYY-MM-DD" help:"${help_today}"`
}

// Run builds XX city, if it is not in the folder yet, and serves it.
func (c *demoCmd) Run(e *env) error {
	today := calendar.Date(c.Today)
	if c.Today == "" {
		today = calendar.InstantOf(time.Now()).Date()
	}
	if !today.Valid() {
		return usage("demo.today", c.Today)
	}
	f := database{DB: "sqlite:" + filepath.Join(c.Data, demo.File)}
	if err := c.build(e, f, today); err != nil {
		return err
	}
	d, err := f.reach(e)
	if err != nil {
		return err
	}
	defer d.Close()
	// A city that an earlier program built; nobody keeps backups of it.
	if _, err := migrate.Up(e.ctx, d, func(int64, int64) error { return nil }, func(string, time.Duration) {}); err != nil {
		return err
	}
	now, err := demoClock(filepath.Join(c.Data, "clock.json"), today)
	if err != nil {
		return err
	}
	d.SetClock(now)
	key, err := keyFile{}.load(e, f, d)
	if err != nil {
		return err
	}
	site := account.Site{}
	if host, _, _ := strings.Cut(c.Listen, ":"); host == "localhost" {
		site = account.Site{Host: host, Origins: []string{"http://" + c.Listen}}
	}
	a, err := app.BuildWith(e.ctx, d, app.Options{Policy: account.Demonstration(), Site: site, Key: key.Accounts()})
	if err != nil {
		return err
	}
	if a.Custody.Files, err = blob.Open(filesFolder{}.path(f)); err != nil {
		return err
	}
	if c.Portal != "" {
		done, err := a.OpenSpool(filepath.Join(c.Data, "spool"), true)
		if err != nil {
			return err
		}
		defer done()
	}
	a.Custody.Ring.Idle = 0 // nobody is there to unlock again
	log := obs.NewLog(e.errs, slog.LevelWarn)
	return a.Serve(e.ctx, app.Serving{Listen: c.Listen, Metrics: c.Metrics, Portal: c.Portal, Demo: true, Version: version(), Key: key, Log: log, Up: func(work, metrics, portal string) {
		e.say("serve.up", "http://"+work)
		if portal != "" {
			e.say("serve.portal", "http://"+portal)
		}
		if metrics != "" {
			e.say("serve.metrics", metrics)
		}
		e.say("demo.signin", string(d.Today()), account.DemoPassword, strings.Join(account.DemoLogins, " "))
		go func() {
			if err := unlock(e, a); err != nil && e.ctx.Err() == nil {
				log.LogAttrs(e.ctx, slog.LevelError, "unlocking the demonstration", slog.String("error", err.Error()))
			}
		}()
	}})
}

func (c *demoCmd) build(e *env, f database, today calendar.Date) error {
	path, _ := f.file()
	if _, err := os.Stat(path); err == nil {
		e.say("demo.there", c.Data)
		return nil
	}
	e.say("demo.building", c.Data)
	p := e.progress()
	defer p.end()
	return demo.Build(e.ctx, demo.Options{Dir: c.Data, Today: today, Progress: func(stage string, done, total int) { p.at("demo."+stage, int64(done), int64(total)) }})
}

// unlock opens every organ's key with the passphrase that everybody knows.
func unlock(e *env, a *app.App) error {
	for _, city := range []id.City{demo.Province, demo.City} {
		r := a.DB.In(city)
		top, err := access.Top(e.ctx, r)
		if err != nil {
			return err
		}
		counties, err := access.UnitsOf(e.ctx, r, "", "county")
		if err != nil {
			return err
		}
		for _, u := range append([]access.Unit{top}, counties...) {
			ks, err := custody.Keys(e.ctx, r, u.ID)
			if err != nil || len(ks) == 0 {
				return err
			}
			// Somebody may have tried out another passphrase; then this one stays locked, as it would.
			if err := a.Custody.Unlock(e.ctx, access.ByOperator(city), u, seal.Secret{Passphrase: demo.Passphrase}); err != nil && fault.KindOf(err) != fault.Invalid {
				return err
			}
		}
	}
	return nil
}

// pace ties the city's time to the host's: from the moment it was built both go on together.
type pace struct {
	City time.Time `json:"city"`
	Host time.Time `json:"host"`
}

// demoClock is the city's clock. It begins on the day it was built for, at 8:30 in the morning, and is remembered beside
// the database, so that days go by in the city as they do outside.
func demoClock(path string, today calendar.Date) (func() time.Time, error) {
	var p pace
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		err = json.Unmarshal(b, &p)
	case errors.Is(err, fs.ErrNotExist):
		p = pace{City: calendar.StartOf(today).Time().Add(8*time.Hour + 30*time.Minute), Host: time.Now()}
		if b, err = json.Marshal(p); err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
	}
	lead := p.City.Sub(p.Host)
	return func() time.Time { return time.Now().Add(lead) }, err
}
