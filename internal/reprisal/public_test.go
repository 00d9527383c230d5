package reprisal_test

import (
	"bytes"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
)

// lodged is a report handed in on the public side by somebody who asked the city to watch over them.
func lodged(t *testing.T, w *apptest.World, name string) apptest.Lodged {
	t.Helper()
	l := w.Lodge(envelope.Letter{Unit: "石桥镇", Post: "主任", Text: "反映虚报费用。", Named: true, Name: name, Contact: "139"}, w.Units["county"], w.App.DB.Today(), nil)
	plead(t, w, l, 1, name)
	w.TakeIn(&l)
	return l
}

func plead(t *testing.T, w *apptest.World, l apptest.Lodged, n int, name string) {
	t.Helper()
	d, err := w.App.Directory(apptest.Ctx, w.App.DB.Today())
	if err != nil {
		t.Fatal(err)
	}
	to, _ := d.Organ(w.Units["city"].ID)
	x := l.Receipt.Secrets()
	word, err := x.Plead(x.Asked(n), envelope.Plea{Name: name, Contact: "139", Unit: "石桥镇", UnitID: w.Units["full"].ID, Post: "干部", Of: l.Envelope.To, Day: l.Envelope.Day}, envelope.NewToken(), to, w.App.DB.Today())
	if err == nil {
		_, err = w.App.Spool.PutWord(word)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func withdraw(t *testing.T, w *apptest.World, l apptest.Lodged, n int) {
	t.Helper()
	x := l.Receipt.Secrets()
	word, err := x.Withdraw(x.Asked(n), envelope.NewToken(), w.Units["city"].ID, w.App.DB.Today())
	if err == nil {
		_, err = w.App.Spool.PutWord(word)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// told is what the holder of the receipt reads of being watched over: the stage, and what happened.
func told(t *testing.T, w *apptest.World, l apptest.Lodged, n int) (envelope.Status, string) {
	t.Helper()
	w.Work()
	ask := l.Receipt.Secrets().Asked(n)
	p, ok, err := w.App.Spool.Status(ask.Name)
	if err != nil || !ok {
		t.Fatalf("nothing is told: %v", err)
	}
	st, err := p.Open(ask.Reply())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range st.Events {
		out = append(out, strings.TrimPrefix(e.What, "watch."))
		if e.Text != "" {
			t.Errorf("%s says %q", e.What, e.Text)
		}
	}
	return st, strings.Join(out, " ")
}

// From the public side: it comes apart from the report, is told apart from it, and what became of what was noticed is told too.
func TestFromThePublicSide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		l := lodged(t, w, "奚干")
		if st, what := told(t, w, l, 1); st.Stage != "watch" || what != "on" || st.Due != "2027-10-12" || st.Organ != w.Units["city"].Commission() {
			t.Errorf("%+v, %s", st, what)
		}
		if st, _ := w.Told(l); len(st.Events) != 1 { // of the report
			t.Errorf("the report's own status: %+v", st)
		}
		leave(t, w, "officer")
		w.Unlock("city")
		if n := compare(t, w); n != 1 {
			t.Fatalf("%d were noticed", n)
		}
		if _, what := told(t, w, l, 1); what != "on noticed" {
			t.Errorf("%s", what)
		}
		m := alerts(t, w)[0]
		if _, err := w.App.Reprisal.Open(apptest.Ctx, w.As("cityintake"), m, "核看提醒"); err != nil {
			t.Fatal(err)
		}
		w.Do("cityintake", m, "set_aside", vals{"ground": {"own_wish"}})
		if _, what := told(t, w, l, 1); what != "on noticed unrelated" {
			t.Errorf("%s", what)
		}
		withdraw(t, w, l, 1)
		w.TakeIn()
		if st, what := told(t, w, l, 1); st.Stage != "watch_over" || what != "on noticed unrelated withdrawn" {
			t.Errorf("%s %s", st.Stage, what)
		}
		for _, b := range sealedOf(t, w) {
			if len(b) != 0 {
				t.Error("something is left")
			}
		}
		plead(t, w, l, 2, "奚干") // and asks anew
		w.TakeIn()
		if st, what := told(t, w, l, 2); st.Stage != "watch" || what != "on" {
			t.Errorf("%s %s", st.Stage, what)
		}
		if rest, err := w.App.Spool.Words(10); err != nil || len(rest) != 0 {
			t.Errorf("left in the spool: %v %v", rest, err)
		}
		w.Verify()
	})
}

// Nothing in the database leads from the report to the watch, or back; what comes twice begins once; the end of what has not come
// yet waits for it; what is sealed to another key than the organ's is refused.
func TestApartFromTheReport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		l := lodged(t, w, "奚干")
		ask := l.Receipt.Secrets().Asked(1)
		for _, q := range []string{`SELECT a.body FROM acts a WHERE a.city_id = $1`, `SELECT l.outside FROM letters l WHERE l.city_id = $1`} {
			bs, err := db.Column[[]byte](apptest.Ctx, d.In(apptest.City), q)
			if err != nil || len(bs) == 0 {
				t.Fatal(err)
			}
			for _, b := range bs {
				if bytes.Contains(b, []byte(ask.Name)) || bytes.Contains(b, []byte(ask.Stop)) {
					t.Errorf("%s: %s", q, b)
				}
			}
		}
		rows, err := db.All(apptest.Ctx, d.In(apptest.City), func(rows *db.Rows) (s [2]string, err error) { return s, rows.Scan(&s[0], &s[1]) }, `SELECT w.name, w.reply FROM watches w WHERE w.city_id = $1`)
		if err != nil || len(rows) != 1 || rows[0][0] != ask.Name || rows[0][0] == l.Envelope.Name || rows[0][1] == l.Envelope.Reply {
			t.Errorf("%v, %v", rows, err)
		}
		plead(t, w, l, 1, "奚干")
		withdraw(t, w, l, 2)
		w.TakeIn()
		if on, err := w.App.Reprisal.On(apptest.Ctx, w.As("cityintake")); err != nil || on != 1 {
			t.Errorf("%d in force, %v", on, err)
		}
		if rest, err := w.App.Spool.Words(10); err != nil || len(rest) != 1 {
			t.Errorf("%v wait, %v", rest, err)
		}
		plead(t, w, l, 2, "奚干")
		for range 2 {
			w.TakeIn()
		}
		if st, _ := told(t, w, l, 2); st.Stage != "watch_over" {
			t.Errorf("ended before it began: %s", st.Stage)
		}
		dir, err := w.App.Directory(apptest.Ctx, w.App.DB.Today())
		if err != nil {
			t.Fatal(err)
		}
		to, _ := dir.Organ(w.Units["city"].ID)
		other, _ := dir.Organ(w.Units["other"].ID)
		to.Key = other.Key
		x := l.Receipt.Secrets()
		word, err := x.Plead(x.Asked(3), envelope.Plea{Name: "奚干", Unit: "石桥镇", Of: l.Envelope.To}, envelope.NewToken(), to, w.App.DB.Today())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.App.Reprisal.Hear(apptest.Ctx, word); err == nil {
			t.Error("what nobody here can open is taken in")
		}
		w.Verify()
	})
}

// What was sealed for one watch opens as no other's: whoever can write into the spool puts nobody else's plea under a name.
func TestAnothersPlea(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	w.Spool(t.TempDir())
	l := lodged(t, w, "奚干")
	x := l.Receipt.Secrets()
	dir, err := w.App.Directory(apptest.Ctx, w.App.DB.Today())
	if err != nil {
		t.Fatal(err)
	}
	to, _ := dir.Organ(w.Units["city"].ID)
	first, err := x.Plead(x.Asked(2), envelope.Plea{Name: "葛副", Unit: "石桥镇", Of: l.Envelope.To, Day: l.Envelope.Day}, envelope.NewToken(), to, w.App.DB.Today())
	if err != nil {
		t.Fatal(err)
	}
	second, err := x.Plead(x.Asked(3), envelope.Plea{Name: "葛副", Unit: "石桥镇", Of: l.Envelope.To, Day: l.Envelope.Day}, envelope.NewToken(), to, w.App.DB.Today())
	if err != nil {
		t.Fatal(err)
	}
	first.Sealed = second.Sealed
	if ok, err := w.App.Reprisal.Hear(apptest.Ctx, first); err != nil || !ok {
		t.Fatal(err)
	}
	w.Unlock("city")
	leave(t, w, "twpdeputy")
	if n := compare(t, w); n != 0 {
		t.Errorf("%d were noticed", n)
	}
}
