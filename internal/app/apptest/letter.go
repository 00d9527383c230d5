package apptest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
)

// Lodged is a letter as its reporter remembers it.
type Lodged struct {
	Receipt  envelope.Receipt
	Envelope envelope.Envelope
	Letter   id.ID // zero until it was taken in
}

// Spool gives the city a spool and a place for sealed contents, in a folder.
func (w *World) Spool(dir string) {
	w.T.Helper()
	var err error
	w.App.Spool, err = spool.Open(dir + "/spool")
	w.must(err)
	w.App.Custody.Files, err = blob.Open(dir + "/files")
	w.must(err)
}

// Lodge seals a letter to an organ, with files by their names, and lays it into the spool: received on a day.
func (w *World) Lodge(l envelope.Letter, to access.Unit, day calendar.Date, files map[string]string) Lodged {
	w.T.Helper()
	d, err := w.App.Directory(Ctx, day)
	w.must(err)
	organ, _ := d.Organ(to.ID)
	return w.LodgeTo(l, d.Address(organ), day, files)
}

// LodgeTo is Lodge to an address.
func (w *World) LodgeTo(l envelope.Letter, to envelope.Address, day calendar.Date, files map[string]string) Lodged {
	w.T.Helper()
	r, err := envelope.NewReceipt(envelope.NewToken())
	w.must(err)
	l.Files = w.sealed(files, to)
	e, err := envelope.Seal(l, r.Secrets(), to, day)
	w.must(err)
	_, err = w.App.Spool.Put(e)
	w.must(err)
	return Lodged{Receipt: r, Envelope: e}
}

// Say lays what a reporter says after the report into the spool, and gives the form's token.
func (w *World) Say(l Lodged, kind, text string, to access.Unit, day calendar.Date, files map[string]string) string {
	w.T.Helper()
	d, err := w.App.Directory(Ctx, day)
	w.must(err)
	organ, _ := d.Organ(to.ID)
	token, address := envelope.NewToken(), d.Address(organ)
	word, err := envelope.SealWord(kind, envelope.Speech{Text: text, Files: w.sealed(files, address)}, l.Receipt.Secrets(), token, address, day)
	w.must(err)
	_, err = w.App.Spool.PutWord(word)
	w.must(err)
	return token
}

// sealed seals files to an address, each to its place in the spool.
func (w *World) sealed(files map[string]string, to envelope.Address) (out []envelope.File) {
	w.T.Helper()
	var keys []string
	for _, k := range to.Keys {
		keys = append(keys, k.Public)
	}
	for name, content := range files {
		f, err := w.App.Spool.Create()
		w.must(err)
		sealed, err := seal.Writer(f, keys...)
		w.must(err)
		padded := make([]byte, seal.Padded(int64(len(content))))
		copy(padded, content)
		_, err = sealed.Write(padded)
		w.must(err)
		w.must(sealed.Close())
		ref, _, err := f.Commit()
		w.must(err)
		h := sha256.Sum256([]byte(content))
		out = append(out, envelope.File{Ref: ref, Name: name, Size: int64(len(content)), Hash: hex.EncodeToString(h[:])})
	}
	return out
}

// TakeIn takes in what lies in the spool, and finds what was lodged among the letters.
func (w *World) TakeIn(ls ...*Lodged) {
	w.T.Helper()
	_, err := w.App.TakeIn(Ctx)
	w.must(err)
	for _, l := range ls {
		l.Letter = id.ID{City: l.Envelope.To.City}
		w.must(w.App.DB.In(l.Letter.City).Row(Ctx, `SELECT id FROM letters WHERE city_id = $1 AND name = $2`, l.Envelope.Name).Scan(&l.Letter.Key))
	}
}

// Told is what a reporter reads now.
func (w *World) Told(l Lodged) (envelope.Status, int64) {
	w.T.Helper()
	w.Work()
	p, ok, err := w.App.Spool.Status(l.Envelope.Name)
	w.must(err)
	if !ok {
		w.T.Fatal("the reporter is told nothing")
	}
	st, err := p.Open(l.Receipt.Secrets())
	w.must(err)
	return st, p.N
}

// Work does the jobs there are.
func (w *World) Work() {
	w.T.Helper()
	q := w.workers()
	for {
		did, err := q.Queue.One(Ctx)
		w.must(err)
		if !did {
			return
		}
	}
}

func (w *World) workers() *app.Workers {
	return w.App.NewWorkers(slog.New(slog.NewTextHandler(io.Discard, nil)), seal.Deployment{})
}
