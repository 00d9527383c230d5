package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/app"
	"qianshao/internal/fault"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/seal"
)

// sealing says to whom a backup is sealed: keys, which the environment may name for every command, or a passphrase, which
// then comes first.
type sealing struct {
	To             []string `placeholder:"KEY" env:"QIANSHAO_BACKUP_TO" help:"${help_to}"`
	PassphraseFile string   `placeholder:"FILE" help:"${help_passphrase_file}"`
}

func (s sealing) check() error {
	if len(s.To) == 0 && s.PassphraseFile == "" {
		return usage("backup.sealed_to")
	}
	return nil
}

// writer seals what is written to it.
func (s sealing) writer(w io.Writer) (io.WriteCloser, error) {
	if s.PassphraseFile != "" {
		p, err := passphrase(s.PassphraseFile)
		if err != nil {
			return nil, err
		}
		return seal.PassWriter(w, p)
	}
	out, err := seal.Writer(w, s.To...)
	if err != nil {
		return nil, fault.New(fault.Invalid, "key.recipient").Because(err)
	}
	return out, nil
}

// passphrase is the first line of a file.
func passphrase(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return checked(string(b))
}

// minPassphrase is the shortest passphrase taken, in characters.
const minPassphrase = 12

func checked(text string) (string, error) {
	p, _, _ := strings.Cut(text, "\n")
	if p = strings.TrimRight(p, "\r"); len([]rune(p)) < minPassphrase {
		return "", fault.InvalidField("passphrase", "key.short", strconv.Itoa(minPassphrase))
	}
	return p, nil
}

// filesFolder is the flag that names the folder of attachments.
type filesFolder struct {
	Files string `placeholder:"DIR" env:"QIANSHAO_FILES" help:"${help_files}"`
}

// path is the folder: as given, else beside an embedded database, else in the working directory.
func (f filesFolder) path(d database) string {
	if f.Files != "" {
		return f.Files
	}
	if path, ok := d.file(); ok {
		return path + ".files"
	}
	return "qianshao.files"
}

type backupCmd struct {
	database
	keyFile
	sealing
	filesFolder
	WithoutKey bool   `help:"${help_without_key}"`
	Out        string `arg:"" name:"file" help:"${help_out}"`
}

// Run writes one sealed file. It takes its name when it is whole.
func (c *backupCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	d, err := c.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	return c.write(e, d)
}

func (c *backupCmd) write(e *env, d *db.DB) error {
	if _, err := os.Stat(c.Out); err == nil {
		return fault.New(fault.Conflict, "backup.there", c.Out)
	}
	var key seal.Deployment
	if !c.WithoutKey {
		var err error
		if key, err = seal.LoadDeployment(c.keyFile.path(c.database)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	p := e.progress()
	defer p.end()
	o := backup.Options{Program: version(), Progress: func(_ string, _, _ int64) {}}
	rows := int64(0)
	o.Progress = func(string, int64, int64) { rows += backup.ReportEvery; p.at("backup", rows, 0) }
	if dir := c.filesFolder.path(c.database); folder(dir) {
		o.Files = os.DirFS(dir)
	}
	var sum backup.Summary
	size, err := backup.Aside(c.Out, func(f io.Writer) error {
		buf := bufio.NewWriterSize(f, 1<<20)
		w, err := c.writer(buf)
		if err != nil {
			return err
		}
		if sum, err = app.Backup(e.ctx, d, w, key, o); err != nil {
			return err
		}
		return errors.Join(w.Close(), buf.Flush())
	})
	if err != nil {
		return err
	}
	p.end()
	e.say("backup.done", c.Out, strconv.FormatInt(sum.Rows(), 10), strconv.FormatInt(sum.Files, 10), strconv.FormatInt(size, 10))
	return nil
}

func folder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

type restoreCmd struct {
	database
	keyFile
	filesFolder
	Identity       string `placeholder:"FILE" help:"${help_identity}"`
	PassphraseFile string `placeholder:"FILE" help:"${help_passphrase_file}"`
	In             string `arg:"" name:"file" help:"${help_restore_file}"`
}

// Run fills an empty database from a backup and verifies what came.
func (c *restoreCmd) Run(e *env) error {
	if (c.Identity == "") == (c.PassphraseFile == "") {
		return usage("backup.opened_with")
	}
	f, err := os.Open(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := c.opened(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return err
	}
	keyPath := c.keyFile.path(c.database)
	if _, err := os.Stat(keyPath); err == nil {
		return fault.New(fault.Conflict, "key.file_there", keyPath)
	}
	d, err := db.Open(e.ctx, c.DB, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	p := e.progress()
	defer p.end()
	rows := int64(0)
	dir := c.filesFolder.path(c.database)
	done, err := app.Restore(e.ctx, d, r, backup.Into{
		Files:    func(name string, r io.Reader) error { return keep(filepath.Join(dir, filepath.FromSlash(name)), r) },
		Progress: func(string, int64, int64) { rows += backup.ReportEvery; p.at("restore", rows, 0) },
	})
	if err != nil {
		return err
	}
	p.end()
	e.say("restore.done", strconv.FormatInt(done.Rows(), 10), strconv.FormatInt(done.Summary.Files, 10), done.Manifest.At)
	if done.Key.Zero() {
		e.say("restore.no_key")
	} else {
		if err := keep(keyPath, strings.NewReader(string(done.Key.File()))); err != nil {
			return err
		}
		e.say("restore.key", keyPath)
	}
	return (&verifyCmd{DB: c.DB}).Run(e)
}

func (c *restoreCmd) opened(f io.Reader) (io.Reader, error) {
	if c.PassphraseFile != "" {
		p, err := passphrase(c.PassphraseFile)
		if err != nil {
			return nil, err
		}
		r, err := seal.PassReader(f, p)
		if err != nil {
			return nil, fault.New(fault.Invalid, "backup.opening").Because(err)
		}
		return r, nil
	}
	b, err := os.ReadFile(c.Identity)
	if err != nil {
		return nil, err
	}
	r, err := seal.Reader(f, strings.TrimSpace(string(b)))
	if err != nil {
		return nil, fault.New(fault.Invalid, "backup.opening").Because(err)
	}
	return r, nil
}

// keep writes a file that is not there yet, for its owner alone.
func keep(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

type migrateCmd struct {
	database
	keyFile
	sealing
	filesFolder
	NoBackup  bool   `help:"${help_no_backup}"`
	IfThere   bool   `help:"${help_if_there}"`
	BackupDir string `placeholder:"DIR" env:"QIANSHAO_BACKUP_DIR" help:"${help_upgrade_dir}"`
	Out       string `placeholder:"FILE" help:"${help_out}"`
}

// indexed is the step that brought the index of texts: whoever comes from before it has texts and no index.
const indexed = 4

// Run upgrades a database, after a backup at its own version.
func (c *migrateCmd) Run(e *env) error {
	if path, ok := c.file(); ok && c.IfThere {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil // installed and never started: serve makes it
		}
	}
	d, err := c.reach(e)
	if err != nil {
		return err
	}
	defer d.Close()
	p := e.progress()
	defer p.end()
	var was int64
	n, err := migrate.Up(e.ctx, d, func(from, to int64) error {
		was = from
		if c.NoBackup {
			return nil
		}
		if err := c.check(); err != nil {
			return err
		}
		out := c.Out
		if out == "" {
			out = filepath.Join(c.BackupDir, "qianshao-"+strconv.FormatInt(from, 10)+"-"+time.Now().Format("20060102-150405")+".backup")
		}
		return (&backupCmd{database: c.database, keyFile: c.keyFile, sealing: c.sealing, filesFolder: c.filesFolder, Out: out}).write(e, d)
	}, func(step string, took time.Duration) {
		p.end()
		e.say("migrate.step", step, took.Round(time.Millisecond).String())
	})
	if err != nil {
		return err
	}
	p.end()
	if was > 0 && was < indexed {
		if err := app.Reindex(e.ctx, d, func(n int64) { p.at("reindex", n, 0) }); err != nil {
			return err
		}
	}
	at := strconv.FormatInt(migrate.Latest(), 10)
	if n == 0 {
		e.say("migrate.nothing", at)
		return nil
	}
	e.say("migrate.done", strconv.Itoa(n), at)
	return nil
}
