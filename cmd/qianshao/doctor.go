package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/courier"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/demo"
	"qianshao/internal/fault"
	"qianshao/internal/jobs"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/host"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/seal"
)

type doctorCmd struct {
	database
	keyFile
	filesFolder
	BackupDir   string        `placeholder:"DIR" env:"QIANSHAO_BACKUP_DIR" help:"${help_backup_dir}"`
	BackupEvery time.Duration `default:"1h" env:"QIANSHAO_BACKUP_EVERY" help:"${help_backup_every}"`
	Spool       string        `placeholder:"DIR" env:"QIANSHAO_SPOOL" help:"${help_serve_spool}"`
	Strict      bool          `help:"${help_strict}"`
}

// grade is how one thing stands.
type grade string

const (
	fine grade = "ok"
	warn grade = "warn"
	bad  grade = "fail"
)

// doctor collects what was found: one line a thing, and what to do where it is not well.
type doctor struct {
	e       *env
	c       *doctorCmd
	n       map[grade]int
	checked map[string]bool // keys already said, so that a thing in two roles is said once
}

// say prints one finding. Its text is cli.doctor.<key>; what to do stands in it.
func (d *doctor) say(g grade, key string, args ...string) {
	line := locale.T(d.e.lang, "cli.doctor."+key, args...)
	if d.checked[line] {
		return
	}
	d.checked[line] = true
	d.n[g]++
	fmt.Fprintf(d.e.out, "%-4s  %s\n", g, line) // a closed output is nobody's loss
}

// Run looks at the deployment and the host it runs on, and says line by line what is well and what to do about the rest.
// It changes nothing. It fails when something must be done; a warning alone is no failure.
func (c *doctorCmd) Run(e *env) error {
	d := &doctor{e: e, c: c, n: map[grade]int{}, checked: map[string]bool{}}
	d.host()
	base, err := c.reach(e)
	switch {
	case err == nil:
		defer base.Close()
		d.database(base)
	default:
		f, ok := fault.As(err)
		if !ok {
			return err
		}
		d.say(bad, "plain", locale.T(e.lang, "fault."+f.Code, f.Args...))
	}
	d.secrets(base)
	d.disks(base)
	d.backups()
	d.letters()
	e.say("doctor.sum", strconv.Itoa(d.n[fine]), strconv.Itoa(d.n[warn]), strconv.Itoa(d.n[bad]))
	if d.n[bad] > 0 || c.Strict && d.n[warn] > 0 {
		return fault.New(fault.Conflict, "doctor.bad")
	}
	return nil
}

// host is what is true of the machine alone.
func (d *doctor) host() {
	switch kept, err := host.TimeKept(); {
	case err != nil:
		d.say(warn, "time.unknown")
	case kept:
		d.say(fine, "time.ok")
	default:
		d.say(warn, "time.warn")
	}
	swaps, err := host.Swaps(os.DirFS("/"))
	if err != nil {
		return // a system that does not tell has its own ways
	}
	var open []string
	for _, s := range swaps {
		if !s.Sealed {
			open = append(open, s.Name)
		}
	}
	if len(open) > 0 {
		d.say(warn, "swap.warn", strings.Join(open, ", "))
	} else {
		d.say(fine, "swap.ok")
	}
}

// database is what the database says of itself.
func (d *doctor) database(base *db.DB) {
	d.settings(base)
	if err := migrate.Check(d.e.ctx, base); err != nil {
		f, _ := fault.As(err)
		if f == nil {
			d.say(bad, "plain", err.Error())
		} else {
			d.say(bad, "plain", locale.T(d.e.lang, "fault."+f.Code, f.Args...))
		}
		return // what follows reads this program's tables
	}
	d.say(fine, "schema.ok", strconv.FormatInt(migrate.Latest(), 10))
	for _, look := range []func(*db.DB) error{d.works, d.organs, d.samples} {
		if err := look(base); err != nil {
			d.say(bad, "plain", err.Error())
		}
	}
}

func (d *doctor) settings(base *db.DB) {
	s, err := base.Settings(d.e.ctx)
	if err != nil {
		d.say(bad, "plain", err.Error())
		return
	}
	if base.Engine == db.SQLite {
		// The program sets these itself on every connection: another value means that the file system refused.
		if s["journal_mode"] == "wal" && s["synchronous"] == "2" && s["foreign_keys"] == "1" {
			d.say(fine, "sqlite.ok")
		} else {
			d.say(bad, "sqlite.fail", s["journal_mode"], s["synchronous"], s["foreign_keys"])
		}
		return
	}
	version, _ := strconv.Atoi(s["server_version_num"]) // a number by PostgreSQL's own definition
	if version < 150000 {
		d.say(bad, "pg.version", strconv.Itoa(version/10000))
	}
	for _, name := range []string{"fsync", "full_page_writes"} {
		if s[name] != "on" {
			d.say(bad, "pg.setting", name, s[name])
		}
	}
	switch s["synchronous_commit"] {
	case "on", "remote_apply":
	case "remote_write":
		d.say(warn, "pg.remote_write")
	default:
		d.say(bad, "pg.setting", "synchronous_commit", s["synchronous_commit"])
	}
	if s["server_encoding"] != "UTF8" {
		d.say(bad, "pg.encoding", s["server_encoding"])
	}
	if s["data_checksums"] != "on" {
		d.say(warn, "pg.checksums")
	}
	if s["archive_mode"] == "off" {
		d.say(warn, "pg.archive")
	}
	if s["away"] == "on" && s["tls"] != "on" {
		d.say(bad, "pg.tls")
	}
	d.say(fine, "pg.seen", strconv.Itoa(version/10000), s["max_connections"])
}

// works is whether what goes on by itself goes on.
func (d *doctor) works(base *db.DB) error {
	ctx := d.e.ctx
	if _, held, err := deadline.Held(ctx, base.Shared()); err != nil {
		return err
	} else if held {
		d.say(bad, "held.fail")
	}
	st, err := jobs.New(base, nil).State(ctx)
	if err != nil {
		return err
	}
	if st.Dead > 0 {
		d.say(warn, "jobs.dead", strconv.Itoa(st.Dead))
	}
	cities, err := app.Tenants(ctx, base)
	if err != nil {
		return err
	}
	var oldest time.Duration
	for _, c := range cities {
		_, unsigned, err := ledger.Ages(ctx, base.In(c))
		if err != nil {
			return err
		}
		if unsigned != 0 {
			oldest = max(oldest, time.Duration(base.Now()-unsigned)*time.Microsecond)
		}
	}
	switch {
	case oldest > time.Hour:
		d.say(warn, "signed.warn", round(oldest))
	case len(cities) > 0:
		d.say(fine, "signed.ok")
	default:
		d.say(warn, "empty.warn")
	}
	return nil
}

// organs is whether every organ that takes in reports has a key to seal them to.
func (d *doctor) organs(base *db.DB) error {
	organs, err := organsOf(d.e.ctx, base)
	if err != nil {
		return err
	}
	var without []string
	for _, u := range organs {
		ks, err := custody.Keys(d.e.ctx, base.In(u.ID.City), u.ID)
		if err != nil {
			return err
		}
		if len(ks) == 0 || ks[0].Retired != "" {
			without = append(without, u.Commission())
		}
	}
	switch most := min(len(without), 5); {
	case len(without) > 0:
		d.say(warn, "organs.warn", strconv.Itoa(len(without)), strconv.Itoa(len(organs)), strings.Join(without[:most], "、"))
	case len(organs) > 0:
		d.say(fine, "organs.ok", strconv.Itoa(len(organs)))
	}
	return nil
}

// samples is whether a secret of the demonstration, which everybody knows, opens anything here.
func (d *doctor) samples(base *db.DB) error {
	a := &account.Service{Ledger: &ledger.Ledger{DB: base}}
	login, err := a.Sample(d.e.ctx)
	if err != nil {
		return err
	}
	organs, err := organsOf(d.e.ctx, base)
	if err != nil {
		return err
	}
	opens := ""
	if len(organs) > 0 { // one is enough to know a city that was built as the demonstration
		ks, err := custody.Keys(d.e.ctx, base.In(organs[0].ID.City), organs[0].ID)
		if err != nil {
			return err
		}
		if len(ks) > 0 {
			if _, err := seal.Unwrap(ks[0].Wrapped, seal.Secret{Passphrase: demo.Passphrase}); err == nil {
				opens = organs[0].Commission()
			}
		}
	}
	if login != "" {
		d.say(bad, "sample.login", login)
	}
	if opens != "" {
		d.say(bad, "sample.key", opens)
	}
	if login == "" && opens == "" {
		d.say(fine, "sample.ok")
	}
	return nil
}

// secrets is who on this host can read what.
func (d *doctor) secrets(base *db.DB) {
	places := []string{}
	if path, ok := d.c.file(); ok {
		d.private(path, false)
		d.private(filepath.Dir(path), true)
		places = append(places, filepath.Dir(path))
	}
	key := d.c.keyFile.path(d.c.database)
	switch k, err := seal.LoadDeployment(key); {
	case errors.Is(err, fs.ErrNotExist):
		d.say(bad, "key.absent", key)
	case err != nil:
		d.say(bad, "key.unreadable", key)
	default:
		d.private(key, false)
		if base == nil {
			break
		}
		switch n, err := ledger.LoadNotary(d.e.ctx, base); {
		case err != nil: // said of the database already
		case n.Mark != "" && n.Mark != k.Mark():
			d.say(bad, "key.other", key)
		default:
			d.say(fine, "key.ok", key)
		}
	}
	if files := d.c.filesFolder.path(d.c.database); folder(files) {
		d.private(files, true)
		places = append(places, files)
	}
	places = append(places, filepath.Dir(key))
	if d.c.BackupDir != "" {
		d.private(d.c.BackupDir, true)
		places = append(places, d.c.BackupDir)
		if same(filepath.Dir(key), d.c.BackupDir) {
			d.say(bad, "key.beside", key, d.c.BackupDir)
		}
	}
	d.strays(places)
}

// private says whether anybody but its owner can read a file or folder, and whether it is the owner who asks.
func (d *doctor) private(path string, dir bool) {
	f, err := host.FileOf(path)
	mode := "0600"
	if dir {
		mode = "0700"
	}
	switch me := os.Getuid(); {
	case err != nil:
		d.say(bad, "plain", err.Error())
	case f.Others():
		d.say(bad, "rights.fail", path, mode)
	case f.Owner >= 0 && me >= 0 && f.Owner != me:
		d.say(warn, "owner.warn", path)
	default:
		d.say(fine, "rights.ok", path)
	}
}

// strays looks for the private half of a backup key where the server could read it: whoever takes the machine would have
// the backups too.
func (d *doctor) strays(places []string) {
	const most = 16 << 10
	seen, found := map[string]bool{}, false
	for _, dir := range places {
		if seen[dir] {
			continue
		}
		seen[dir] = true
		es, err := os.ReadDir(dir)
		if err != nil {
			continue // said of the folder already
		}
		for _, x := range es {
			st, err := x.Info()
			if err != nil || !st.Mode().IsRegular() || st.Size() > most {
				continue
			}
			path := filepath.Join(dir, x.Name())
			if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), "AGE-SECRET-KEY-") {
				d.say(bad, "stray.fail", path)
				found = true
			}
		}
	}
	if !found {
		d.say(fine, "stray.ok")
	}
}

// disks is room, and what lies on which.
func (d *doctor) disks(base *db.DB) {
	const little, least = 5 << 30, 500 << 20
	room := func(path string) (host.Disk, bool) {
		x, err := host.DiskOf(path)
		if err != nil {
			return x, false
		}
		free := strconv.FormatFloat(float64(x.Free)/(1<<30), 'f', 1, 64)
		switch {
		case x.Free < least:
			d.say(bad, "disk.fail", path, free)
		case x.Free < little:
			d.say(warn, "disk.warn", path, free)
		default:
			d.say(fine, "disk.ok", path, free)
		}
		return x, true
	}
	data := d.c.filesFolder.path(d.c.database)
	if path, ok := d.c.file(); ok {
		data = filepath.Dir(path)
	}
	x, known := room(data)
	if _, ok := d.c.file(); ok && known && x.Remote {
		d.say(bad, "disk.remote", data)
	}
	if d.c.BackupDir != "" {
		if y, ok := room(d.c.BackupDir); ok && known && x.Device == y.Device {
			d.say(warn, "disk.same", d.c.BackupDir)
		}
	}
	if base != nil {
		if n, _, err := base.Size(d.e.ctx); err == nil && known && uint64(n) > x.Free {
			d.say(warn, "disk.double", strconv.FormatFloat(float64(n)/(1<<30), 'f', 1, 64))
		}
	}
}

// letters is whether what reporters hand in arrives.
func (d *doctor) letters() {
	if d.c.Spool == "" {
		return
	}
	if !folder(filepath.Join(d.c.Spool, "in")) { // joining one would make it
		d.say(bad, "spool.absent", d.c.Spool)
		return
	}
	s, err := spoolFolder{d.c.Spool}.join()
	if err != nil {
		d.say(bad, "plain", err.Error())
		return
	}
	x, paired, err := courier.Stands(s)
	if err != nil {
		d.say(bad, "plain", err.Error())
		return
	}
	d.private(d.c.Spool, true)
	if x.Refused > 0 {
		d.say(bad, "spool.refused", d.c.Spool, strconv.Itoa(x.Refused))
	}
	switch late := time.Since(x.Since) > untaken; {
	case x.Waiting > 0 && late:
		d.say(bad, "spool.untaken", d.c.Spool, strconv.Itoa(x.Waiting), round(time.Since(x.Since)))
	default:
		d.say(fine, "spool.ok", d.c.Spool)
	}
	switch {
	case !paired:
	case time.Since(x.Heard) > bundleLate:
		d.say(bad, "bundle.late", round(time.Since(x.Heard)))
	default:
		d.say(fine, "bundle.ok", round(time.Since(x.Heard)))
	}
}

// backups is whether they are made.
func (d *doctor) backups() {
	if d.c.BackupDir == "" {
		d.say(warn, "backup.none")
		return
	}
	s := &backup.Shelf{Dir: d.c.BackupDir, Every: d.c.BackupEvery, Zone: calendar.Zone, Now: time.Now}
	switch st, err := s.State(); {
	case err != nil:
		d.say(bad, "plain", err.Error())
	case st.Last.IsZero():
		d.say(bad, "backup.empty", d.c.BackupDir)
	case time.Since(st.Last) > 2*d.c.BackupEvery:
		d.say(bad, "backup.old", round(time.Since(st.Last)))
	default:
		d.say(fine, "backup.ok", round(time.Since(st.Last)), strconv.Itoa(st.Kept))
	}
}

func round(d time.Duration) string { return d.Round(time.Minute).String() }

// same says whether two paths are one folder.
func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}
