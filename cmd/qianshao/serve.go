package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/obs"
	"qianshao/internal/platform/seal"
)

// keyFile is the flag that names the deployment's key file.
type keyFile struct {
	Key string `placeholder:"FILE" env:"QIANSHAO_KEY" help:"${help_key}"`
}

// path is the key file's place: as given, else beside an embedded database, else in the working directory.
func (k keyFile) path(f database) string {
	if k.Key != "" {
		return k.Key
	}
	if path, ok := f.file(); ok {
		return path + ".key"
	}
	return "qianshao.key"
}

// load reads the key; where there is none, and the database has never been used with one, it is made and said.
func (k keyFile) load(e *env, f database, d *db.DB) (seal.Deployment, error) {
	path := k.path(f)
	key, err := seal.LoadDeployment(path)
	switch {
	case errors.Is(err, seal.ErrKeyFile):
		return key, fault.New(fault.Invalid, "key.file_bad", path)
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return key, err
	}
	known, err := ledger.LoadNotary(e.ctx, d)
	if err != nil {
		return key, err
	}
	if known.Mark != "" {
		return key, fault.New(fault.Conflict, "key.file_missing", path)
	}
	if key, err = seal.NewDeployment(path); err == nil {
		e.say("key.made", path)
	}
	return key, err
}

type serveCmd struct {
	database
	keyFile
	filesFolder
	Listen  string `default:"127.0.0.1:8080" env:"QIANSHAO_LISTEN" help:"${help_listen}"`
	Metrics string `default:"127.0.0.1:9180" env:"QIANSHAO_METRICS" help:"${help_metrics}"`
	Portal  string `placeholder:"ADDR" env:"QIANSHAO_PORTAL" help:"${help_serve_portal}"`
	Spool   string `placeholder:"DIR" env:"QIANSHAO_SPOOL" help:"${help_serve_spool}"`
	Site    string `placeholder:"https://HOST" env:"QIANSHAO_SITE" help:"${help_site}"`
	Name    string `env:"QIANSHAO_NAME" help:"${help_name}"`
	Cert    string `placeholder:"FILE" env:"QIANSHAO_CERT" help:"${help_cert}"`
	CertKey string `placeholder:"FILE" env:"QIANSHAO_CERT_KEY" help:"${help_cert_key}"`
	Debug   bool   `help:"${help_debug}"`
	Samples bool   `name:"demo-data" help:"${help_demo_data}"`

	BackupDir   string        `placeholder:"DIR" env:"QIANSHAO_BACKUP_DIR" help:"${help_backup_dir}"`
	BackupTo    []string      `placeholder:"KEY" env:"QIANSHAO_BACKUP_TO" help:"${help_to}"`
	BackupEvery time.Duration `default:"1h" env:"QIANSHAO_BACKUP_EVERY" help:"${help_backup_every}"`
	BackupKeep  int           `default:"48" env:"QIANSHAO_BACKUP_KEEP" help:"${help_backup_keep}"`
}

// backups sets up the backups that the server makes by itself, if it is to make any.
func (c *serveCmd) backups(e *env, a *app.App, key seal.Deployment) error {
	if c.BackupDir == "" {
		return nil
	}
	err := a.KeepBackups(app.Backups{Dir: c.BackupDir, To: c.BackupTo, Every: c.BackupEvery, Keep: c.BackupKeep, Files: c.filesFolder.path(c.database), Program: version()}, key)
	if err != nil {
		return err
	}
	e.say("serve.backups", c.BackupDir, c.BackupEvery.String(), strconv.Itoa(c.BackupKeep))
	return nil
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(e *env) error {
	if (c.Cert == "") != (c.CertKey == "") {
		return usage("serve.certificate_half")
	}
	if (c.BackupDir == "") != (len(c.BackupTo) == 0) {
		return usage("serve.backup_half")
	}
	if c.BackupEvery < time.Minute || c.BackupKeep < 1 {
		return usage("serve.backup_often")
	}
	site, err := siteOf(c.Site)
	if err != nil {
		return err
	}
	// Whoever reads the log may die before us; that is no reason to follow.
	signal.Ignore(syscall.SIGPIPE)
	// A database with nothing in it has nothing to lose: it is made. One of an earlier version is upgraded by migrate,
	// which makes a backup first.
	d, err := db.Open(e.ctx, c.DB, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := ready(e, d); err != nil {
		return err
	}
	key, err := c.keyFile.load(e, c.database, d)
	if err != nil {
		return err
	}
	a, err := app.BuildWith(e.ctx, d, app.Options{Site: site, Key: key.Accounts()})
	if err != nil {
		return err
	}
	if a.Custody.Files, err = blob.Open(c.filesFolder.path(c.database)); err != nil {
		return err
	}
	if dir := c.spool(); dir != "" {
		done, err := a.OpenSpool(dir, c.Portal != "")
		if err != nil {
			return err
		}
		defer done()
	}
	if login, err := a.Accounts.Sample(e.ctx); err != nil {
		return err
	} else if login != "" && !c.Samples {
		return fault.New(fault.Conflict, "serve.demo", login)
	}
	if _, err := a.Ledger.Adopt(e.ctx, access.ByProgram, key, false); err != nil {
		return err
	}
	if err := strangers(e, a); err != nil {
		return err
	}
	if err := c.backups(e, a, key); err != nil {
		return err
	}
	level := slog.LevelInfo
	if c.Debug {
		level = slog.LevelDebug
	}
	if c.Cert == "" && !loopback(c.Listen) {
		e.say("serve.plain", c.Listen)
	}
	return a.Serve(e.ctx, app.Serving{Listen: c.Listen, Metrics: c.Metrics, Portal: c.Portal, Cert: c.Cert, CertKey: c.CertKey, Name: c.Name, Version: version(), Key: key, Log: obs.NewLog(e.errs, level),
		Up: func(work, metrics, portal string) {
			e.say("serve.up", address(c.Cert != "", work))
			if portal != "" {
				e.say("serve.portal", "http://"+portal)
			}
			if metrics != "" {
				e.say("serve.metrics", metrics)
			}
		}})
}

// spool is the folder that letters are taken in from: as given; else, with the public side in this process, beside an
// embedded database or in the working directory. "" where nobody hands anything in.
func (c *serveCmd) spool() string {
	if c.Spool != "" || c.Portal == "" {
		return c.Spool
	}
	if path, ok := c.database.file(); ok {
		return path + ".spool"
	}
	return "qianshao.spool"
}

// ready makes an empty database, and refuses one of another version.
func ready(e *env, d *db.DB) error {
	err := migrate.Check(e.ctx, d)
	if fault.Code(err) != "db.older" {
		return err
	}
	if f, _ := fault.As(err); f.Args[0] != "0" {
		return err
	}
	_, err = migrate.Up(e.ctx, d, nil, func(string, time.Duration) {})
	return err
}

// siteOf is what second factors are bound to.
func siteOf(address string) (account.Site, error) {
	if address == "" {
		return account.Site{}, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return account.Site{}, usage("serve.site", address)
	}
	return account.Site{Host: u.Hostname(), Origins: []string{u.Scheme + "://" + u.Host}}, nil
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func address(secure bool, host string) string {
	if secure {
		return "https://" + host
	}
	return "http://" + host
}
