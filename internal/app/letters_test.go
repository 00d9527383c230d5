package app_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// written is a letter about somebody at the township, signed.
func written(w *apptest.World) envelope.Letter {
	return envelope.Letter{Unit: "石桥镇", UnitID: w.Units["full"].ID, Post: "林业站站长", Rank: "staff", Subject: "周某某", When: "去年秋天", Text: "管护费发放表上的签字不是本人签的。",
		Only: "签字那天只有我在场", Named: true, Name: "赵六六", Contact: "13900000000，晚上八点以后"}
}

func entryFrom(w *apptest.World, l id.ID) intake.Entry {
	return intake.Entry{Letter: l, Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "周某某", Post: "林业站站长", Rank: "staff", Category: "c2", PartyMember: true},
		Title: "反映冒领管护费", Summary: "反映管护费发放表签字不实。", Discipline: "integrity"}
}

func events(st envelope.Status) string {
	var out []string
	for _, e := range st.Events {
		out = append(out, e.What)
	}
	return strings.Join(out, " ")
}

// TestLetter: a sealed letter is registered with its days counting from the day it was handed in, seen by the intake office
// alone, opened for a reason, entered, and its reporter is told each step.
func TestLetter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		l := w.Lodge(written(w), w.Units["county"], "2026-10-09", map[string]string{"赵六六的录音.mp3": "ID3 一段录音"})
		w.TakeIn(&l)
		m := w.Matter(l.Letter)
		if m.State != intake.LetterSealed || m.Received != "2026-10-09" || m.Due != "2026-10-15" || m.Organ != w.Units["county"].ID || strings.Contains(m.Title, "周") {
			t.Errorf("%+v", m)
		}
		st, n := w.Told(l)
		if n < 2 || st.Stage != "received" || st.Due != m.Due || st.Owes != "first_action" || st.Organ != "云渡县纪委监委" || st.Rises != "XX市纪委监委" {
			t.Errorf("%+v", st)
		}
		if names, _ := w.App.Spool.Waiting(10); len(names) != 0 {
			t.Error("it is still in the spool")
		}
		// Once more under the same name: nothing is doubled.
		if _, err := w.App.Spool.Put(l.Envelope); err != nil {
			t.Fatal(err)
		}
		w.TakeIn()
		if ks, err := db.Column[id.Key](apptest.Ctx, d.In(apptest.City), `SELECT id FROM letters WHERE city_id = $1`); err != nil || len(ks) != 1 {
			t.Fatalf("%d letters, %v", len(ks), err)
		}

		srv := w.Serve()
		page := "/m/" + l.Letter.String()
		for who, want := range map[string]int{"intake": 200, "cityintake": 200, "principal": 404, "deputy": 404, "supervision": 404, "otherintake": 404, "citychief": 404, "secretary": 404} {
			if code, _ := w.Get(srv, who, page); code != want {
				t.Errorf("%s reads that it waits: %d", who, code)
			}
		}
		for who, want := range map[string]int{"intake": 200, "cityintake": 403, "principal": 403, "otherintake": 404} {
			if code, _ := w.Get(srv, who, "/letters/"+l.Letter.String()); code != want {
				t.Errorf("%s may open it: %d", who, code)
			}
		}
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), l.Letter, "启封登记"); fault.Code(err) != "key.locked" {
			t.Errorf("opened while locked: %v", err)
		}
		if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, l.Letter)); fault.Code(err) != "key.locked" {
			t.Errorf("entered while locked: %v", err)
		}
		w.Unlock("county", "city")
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), l.Letter, ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("opened for no reason: %v", err)
		}
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("cityintake"), l.Letter, "看看"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the level above opens it before its time: %v", err)
		}
		o, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), l.Letter, "启封登记")
		if err != nil || o.Text.Text != written(w).Text || o.Text.Name != "赵六六" || o.Altered || o.Stray {
			t.Fatalf("%+v, %v", o, err)
		}
		file(t, w, "intake", l.Letter, "赵六六的录音.mp3", "ID3 一段录音")

		in := entryFrom(w, l.Letter)
		in.Summary = "赵六六反映管护费发放表签字不实。"
		if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the reporter's name stands in the summary: %v", err)
		}
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, l.Letter))
		if err != nil || e.Slip || e.Gone {
			t.Fatalf("%+v, %v", e, err)
		}
		if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, l.Letter)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("entered twice: %v", err)
		}
		tip := w.Matter(e.ID)
		if tip.Received != "2026-10-09" || tip.Due != "2026-10-15" || tip.Root != m.Root || !tip.Is(flow.FlagNamed) || w.Matter(l.Letter).State != intake.LetterEntered {
			t.Errorf("%+v", tip)
		}
		who, err := w.App.Custody.Open(apptest.Ctx, w.As("intake"), e.ID, custody.Identity, "告知受理情况")
		if err != nil || !strings.Contains(string(who), "赵六六") || !strings.Contains(string(who), "13900000000") {
			t.Errorf("%s, %v", who, err)
		}
		if o, err = w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), l.Letter, "核对摘要"); err != nil || o.Text.Text == "" || o.Text.Name != "" || o.Text.Contact != "" {
			t.Errorf("who wrote it is shown with what they wrote: %+v, %v", o.Text, err)
		}
		names, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT f.name FROM files f WHERE f.city_id = $1 AND f.matter_id = $2`, e.ID.Key)
		if err != nil || !slices.Equal(names, []string{"举报材料1.mp3"}) {
			t.Errorf("its files are %q, %v", names, err)
		}
		if st, _ := w.Told(l); st.Stage != "opened" || events(st) != "received opened" || st.Due != "2026-10-15" {
			t.Errorf("%+v", st)
		}
		w.Do("intake", e.ID, "accept", nil)
		if st, _ := w.Told(l); st.Stage != "accepted" || events(st) != "received opened accepted" || st.Owes != "notice" {
			t.Errorf("%+v", st)
		}
		w.Do("intake", e.ID, "notify", flow.Values{"on": {"2026-10-12"}, "way": {"call"}, "reached": {"yes"}})
		st, later := w.Told(l)
		if events(st) != "received opened accepted noticed" || st.Owes != "" || later <= n {
			t.Errorf("%d %+v", later, st)
		}
		unreadable(t, d, "赵六六", "13900000000", "签字那天只有我在场", "管护费发放表上的签字不是本人签的")
		w.Verify()
	})
}

// file checks that somebody can read the first file of a letter.
func file(t *testing.T, w *apptest.World, who string, letter id.ID, name, content string) {
	t.Helper()
	f, r, err := w.App.Intake.ReadContent(apptest.Ctx, w.As(who), letter, 0)
	if err != nil {
		t.Errorf("%s reads the file: %v", who, err)
		return
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != content || f.Name != name {
		t.Errorf("%s reads %q as %s, %v", who, b, f.Name, err)
	}
}

// unreadable looks for texts in everything the database holds.
func unreadable(t *testing.T, d *db.DB, texts ...string) {
	t.Helper()
	var b bytes.Buffer
	if _, err := backup.Write(apptest.Ctx, d, &b, backup.Options{}); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil || len(all) < 1<<16 {
		t.Fatalf("%d bytes, %v", len(all), err)
	}
	for _, x := range texts {
		if bytes.Contains(all, []byte(x)) {
			t.Errorf("the database says %q", x)
		}
	}
}

// TestLetterAboutTheChief: what turns out to be about the organ's own chief is sealed to the level above and out of sight
// here; a slip is left that the chief does not find.
func TestLetterAboutTheChief(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		text := written(w)
		text.Unit, text.UnitID, text.Post, text.Subject = "县里", id.ID{}, "一把手", "严主任"
		l := w.Lodge(text, w.Units["county"], "2026-10-09", map[string]string{"一.txt": "附件一"})
		w.TakeIn(&l)
		w.Unlock("county", "city")
		// A file that somebody takes away keeps no letter back.
		gone := w.Lodge(text, w.Units["county"], "2026-10-09", map[string]string{"二.txt": "附件二"})
		w.App.Spool.Drop(gone.Envelope.Files...)
		w.TakeIn(&gone)
		up := entryFrom(w, gone.Letter)
		up.Subject = org.SubjectInput{Unit: w.Units["county"].ID.Key, Name: "严主任", Post: "县纪委书记", Rank: "deputy_county", Category: "c1", PartyMember: true}
		if e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), up); err != nil || !e.Slip || w.Matter(gone.Letter).Organ != w.Units["city"].ID {
			t.Errorf("a letter whose file is gone does not go up: %+v, %v", e, err)
		}
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), l.Letter, "启封登记"); err != nil {
			t.Fatal(err)
		}
		in := entryFrom(w, l.Letter)
		in.Subject = org.SubjectInput{Unit: w.Units["county"].ID.Key, Name: "严主任", Post: "县纪委书记", Rank: "deputy_county", Category: "c1", PartyMember: true}
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
		if err != nil || !e.Slip {
			t.Fatalf("%+v, %v", e, err)
		}
		m := w.Matter(l.Letter)
		if m.State != intake.LetterSealed || m.Organ != w.Units["city"].ID || m.Due != "2026-10-19" {
			t.Errorf("%+v", m)
		}
		srv := w.Serve()
		for who, want := range map[string]int{"intake": 404, "principal": 404, "deputy": 404, "cityintake": 200} {
			if code, _ := w.Get(srv, who, "/m/"+l.Letter.String()); code != want {
				t.Errorf("%s reads the letter: %d", who, code)
			}
		}
		if code, _ := w.Get(srv, "principal", "/m/"+e.ID.String()); code != http.StatusNotFound {
			t.Errorf("the chief finds the slip: %d", code)
		}
		slip := w.Matter(e.ID)
		if cs, err := deadline.OfMatter(apptest.Ctx, d.In(apptest.City), e.ID.Key); err != nil || slip.State != "sent" || slip.Open || len(cs) != 1 || cs[0].Running() {
			t.Errorf("what went up is still to be sent: %+v, %+v, %v", slip, cs, err)
		}
		var sealed []byte
		if err := d.In(apptest.City).Row(apptest.Ctx, `SELECT sealed FROM envelopes WHERE city_id = $1 AND matter_id = $2`, l.Letter.Key).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		county, _ := w.App.Custody.Ring.Keys(w.Units["county"].ID.String())
		if _, err := seal.Open(sealed, county...); err == nil {
			t.Error("the county's key still opens it")
		}
		o, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("cityintake"), l.Letter, "启封登记")
		if err != nil || o.Altered || o.Text.Name != "赵六六" {
			t.Fatalf("%+v, %v", o, err)
		}
		file(t, w, "cityintake", l.Letter, "一.txt", "附件一")
		st, _ := w.Told(l)
		if st.Organ != "XX市纪委监委" || events(st) != "received opened moved" || st.Rises != "某省纪委监委" {
			t.Errorf("%+v", st)
		}
		if e, err = w.App.Intake.Enter(apptest.Ctx, w.As("cityintake"), in); err != nil || e.Slip {
			t.Fatalf("%+v, %v", e, err)
		}
		if w.Matter(e.ID).Organ != w.Units["city"].ID {
			t.Error("it stands in another register")
		}
		w.Verify()
	})
}

// TestLetterRises: a letter that nobody opens rises on its day; the organ above can open its copy then and not before, and
// enters it; the duty below was open and late until then.
func TestLetterRises(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		l := w.Lodge(written(w), w.Units["county"], "2026-10-09", map[string]string{"一.txt": "附件一"})
		w.TakeIn(&l)
		w.Unlock("city")
		s := superior{t, w, w.Serve()}
		w.On("2026-10-19")
		s.pass()
		m := w.Matter(l.Letter)
		if !m.Is(flow.FlagRisen) || !m.Open {
			t.Fatalf("%+v", m)
		}
		st, _ := w.Told(l)
		if st.Stage != "risen" || events(st) != "received risen" || st.Owes != "first_action" {
			t.Errorf("%+v", st)
		}
		if risen := s.running(l.Letter, flow.RuleRisen); len(risen) != 1 || risen[0].OwedBy != w.Units["city"].ID || risen[0].OwedRole != access.Intake {
			t.Errorf("it rose to %+v", risen)
		}
		if _, page := w.Get(s.srv, "cityintake", "/"); !strings.Contains(page, l.Letter.String()) {
			t.Error("it is on no desk of the organ above")
		}
		if err := s.seen("cityintake", l.Letter, s.running(l.Letter, flow.RuleRisen)[0]); fault.Code(err) != "clock.unread" {
			t.Errorf("dealt with, unread: %v", err)
		}
		o, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("cityintake"), l.Letter, "到期未处理，启封")
		if err != nil || o.Text.Text == "" {
			t.Fatalf("%+v, %v", o, err)
		}
		file(t, w, "cityintake", l.Letter, "一.txt", "附件一")
		w.On("2026-10-20")
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("cityintake"), entryFrom(w, l.Letter))
		if err != nil {
			t.Fatal(err)
		}
		tip := w.Matter(e.ID)
		if tip.Organ != w.Units["city"].ID || tip.Received != "2026-10-09" || tip.Due < "2026-10-22" {
			t.Errorf("%+v", tip)
		}
		if m = w.Matter(l.Letter); m.State != intake.LetterEntered || m.Organ != w.Units["city"].ID {
			t.Errorf("%+v", m)
		}
		if risen := s.running(l.Letter, flow.RuleRisen); len(risen) != 0 {
			t.Error("what rose goes on")
		}
		cs, err := deadline.OfMatter(apptest.Ctx, d.In(apptest.City), l.Letter.Key)
		for _, c := range cs {
			if c.Rule == "tipoff.first_action" && (c.State != deadline.StateDone || c.Ended != "2026-10-20" || c.Organ != w.Units["county"].ID) {
				t.Errorf("the duty below: %+v, %v", c, err)
			}
		}
		st, _ = w.Told(l)
		if st.Organ != "XX市纪委监委" || events(st) != "received risen opened" || st.Due != tip.Due {
			t.Errorf("%+v", st)
		}
		w.Verify()
	})
}

// TestLetterAside: nobody lays a letter aside unread; the organ above sees each that was, opens it and has it entered.
func TestLetterAside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		l := w.Lodge(written(w), w.Units["county"], "2026-10-09", nil)
		w.TakeIn(&l)
		w.Unlock("county", "city")
		aside := flow.Values{"ground": {"no_report"}, "reason": {"内容是广告。"}}
		if _, err := w.Try("intake", l.Letter, "lay_aside", aside); fault.Code(err) != "letter.unread" {
			t.Errorf("laid aside unread: %v", err)
		}
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), l.Letter, "启封登记"); err != nil {
			t.Fatal(err)
		}
		w.Do("intake", l.Letter, "lay_aside", aside)
		if st, _ := w.Told(l); st.Stage != "declined" || events(st) != "received opened aside" || st.Due != "" {
			t.Errorf("%+v", st)
		}
		superior{t, w, w.Serve()}.lists("cityintake", l.Letter, true)
		if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, l.Letter)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("entered after all, without a word from above: %v", err)
		}
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("cityintake"), l.Letter, "复看"); err != nil {
			t.Errorf("the level above opens it: %v", err)
		}
		w.Do("cityintake", l.Letter, "reconsider", flow.Values{"reason": {"属于检举控告。"}})
		m := w.Matter(l.Letter)
		if m.State != intake.LetterSealed || m.Due == "" {
			t.Errorf("%+v", m)
		}
		if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, l.Letter)); err != nil {
			t.Fatal(err)
		}
		w.Verify()
	})
}

// TestLetterTamperedWith: what was sealed to a stranger's key is found when it comes in, what was changed on the envelope
// when it is opened; both are kept and rise. What is no envelope, or for nobody here, is laid aside and keeps nothing back.
func TestLetterTamperedWith(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		dir, err := w.App.Directory(apptest.Ctx, "2026-10-09")
		if err != nil {
			t.Fatal(err)
		}
		organ, _ := dir.Organ(w.Units["county"].ID)
		_, public, err := seal.NewKey(seal.Age)
		if err != nil {
			t.Fatal(err)
		}
		to := dir.Address(organ)
		to.Keys = slices.Clone(to.Keys)
		to.Keys[0].Public = public
		swapped := w.LodgeTo(written(w), to, "2026-10-09", nil)
		moved := w.Lodge(written(w), w.Units["county"], "2026-09-01", nil)
		stranger := w.LodgeTo(written(w), envelope.Address{To: id.ID{City: 77, Key: organ.ID.Key}, Keys: dir.Address(organ).Keys}, "2026-10-09", nil)
		good := w.Lodge(written(w), w.Units["county"], "2026-10-12", nil)

		back := moved.Envelope
		back.Name, back.Day = strings.Repeat("ab", 32), "2026-10-12"
		if _, err := w.App.Spool.Put(back); err != nil {
			t.Fatal(err)
		}
		if _, err := w.App.TakeIn(apptest.Ctx); !errors.Is(err, intake.ErrStranger) {
			t.Errorf("an envelope for an organ that is not here: %v", err)
		}
		w.TakeIn(&swapped, &good)
		if _, ok, _ := w.App.Spool.Envelope(stranger.Envelope.Name); ok {
			t.Error("what can't be taken is tried for ever")
		}
		l, err := intake.GetLetter(apptest.Ctx, d.In(apptest.City), swapped.Letter.Key)
		if err != nil || !l.Stray {
			t.Errorf("a stranger's key is taken for the organ's: %+v, %v", l, err)
		}
		if _, page := w.Get(w.Serve(), "intake", "/m/"+swapped.Letter.String()); !strings.Contains(page, "可能被换过") {
			t.Error("nobody is told of the stranger's key")
		}
		w.Unlock("county", "city")
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), swapped.Letter, "启封登记"); fault.Code(err) != "envelope.unopened" {
			t.Errorf("opened with a key it is not sealed to: %v", err)
		}
		other := apptest.Lodged{Envelope: back}
		w.TakeIn(&other)
		o, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("intake"), other.Letter, "启封登记")
		if err != nil || !o.Altered || o.Text.Text == "" {
			t.Errorf("another day on the envelope goes unnoticed: %+v, %v", o, err)
		}
		superior{t, w, w.Serve()}.w.On("2026-10-20")
		superior{t, w, w.Serve()}.pass()
		if _, err := w.App.Intake.OpenLetter(apptest.Ctx, w.As("cityintake"), swapped.Letter, "到期未处理"); err != nil {
			t.Errorf("the level above, whose key was not swapped, opens it when it has risen: %v", err)
		}
		w.Verify()
	})
}
