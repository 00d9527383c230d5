package app

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account/accounthttp"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/seal"
)

// Backups says where a running server keeps the backups it makes by itself, and how many.
type Backups struct {
	Dir     string
	To      []string // the public halves they are sealed to
	Every   time.Duration
	Keep    int
	Files   string // the folder of attachments
	Program string
}

// KeepBackups lets the workers back the deployment up. A key that is none, or a folder that can't be written, is said now
// and not at the first backup.
func (a *App) KeepBackups(b Backups, key seal.Deployment) error {
	if _, err := seal.Writer(io.Discard, b.To...); err != nil {
		return fault.New(fault.Invalid, "key.recipient").Because(err)
	}
	s := &backup.Shelf{Dir: b.Dir, Every: b.Every, Keep: b.Keep, Zone: calendar.Zone, Now: time.Now}
	s.Make = func(ctx context.Context, w io.Writer) error {
		o := backup.Options{Program: b.Program}
		if st, err := os.Stat(b.Files); err == nil && st.IsDir() {
			o.Files = os.DirFS(b.Files)
		}
		buf := bufio.NewWriterSize(w, 1<<20)
		sealed, err := seal.Writer(buf, b.To...)
		if err != nil {
			return err
		}
		if _, err := backUp(ctx, a.DB, access.ByProgram, sealed, key, o); err != nil {
			return err
		}
		return errors.Join(sealed.Close(), buf.Flush())
	}
	if err := s.Check(); err != nil {
		return fault.New(fault.Invalid, "serve.backup_dir", b.Dir).Because(err)
	}
	a.Shelf = s
	return nil
}

// lookEvery is how often the server looks whether a backup is due.
const lookEvery = 15 * time.Second

// backUp makes backups when they are due, until the context ends. It is a loop of its own: a job would keep the others
// waiting.
func (w *Workers) backUp(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if _, err := w.app.Shelf.Look(ctx); err != nil && ctx.Err() == nil {
			w.trouble(ctx, "making a backup", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// backups is how the server's own backups stand, as the system administrator's page shows it.
func (a *App) backups() (*accounthttp.Backups, error) {
	if a.Shelf == nil {
		return nil, nil
	}
	st, err := a.Shelf.State()
	if err != nil {
		return nil, err
	}
	out := &accounthttp.Backups{Every: a.Shelf.Every, Kept: st.Kept}
	if !st.Last.IsZero() {
		out.Last = calendar.InstantOf(st.Last)
	}
	if !st.Failed.IsZero() {
		out.Failed = calendar.InstantOf(st.Failed)
	}
	return out, nil
}
