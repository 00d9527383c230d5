package app_test

import (
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/proof"
)

// TestLetterTalk: what a reporter says after the report is owed a reading wherever the report stands by then, is opened for a
// reason like the letter, once counted however often it comes; and what the office says goes back to the receipt alone.
func TestLetterTalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		l := w.Lodge(written(w), w.Units["county"], "2026-10-12", nil)
		w.Say(l, envelope.More, "还有一本账在他家里。", w.Units["county"], "2026-10-12", map[string]string{"账本.txt": "收支"})
		w.TakeIn(&l)
		w.Unlock("county", "city")
		said := func() []intake.Word {
			ws, err := intake.Words(apptest.Ctx, d.In(apptest.City), l.Letter.Key)
			if err != nil {
				t.Fatal(err)
			}
			return ws
		}
		if ws := said(); len(ws) != 1 || ws[0].Read != "" || ws[0].Stray {
			t.Fatalf("%+v", ws)
		}
		if names, _ := w.App.Spool.Words(10); len(names) != 0 {
			t.Error("it is still in the spool")
		}
		s := superior{t, w, w.Serve()}
		if cs := s.running(l.Letter, intake.RuleWord); len(cs) != 1 || cs[0].OwedRole != access.Intake || cs[0].OwedBy != w.Units["county"].ID {
			t.Errorf("nobody owes a reading: %+v", cs)
		}
		if st, _ := w.Told(l); events(st) != "received said" || st.To != w.Units["county"].ID || st.Above != w.Units["city"].ID {
			t.Errorf("%+v", st)
		}
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entryFrom(w, l.Letter))
		if err != nil {
			t.Fatal(err)
		}
		if _, page := w.Get(s.srv, "intake", "/m/"+e.ID.String()); !strings.Contains(page, "未阅") || !strings.Contains(page, "/words/"+said()[0].ID) {
			t.Error("the page of what it became does not say that something was added")
		}
		if _, err := w.App.Intake.OpenWord(apptest.Ctx, w.As("cityintake"), l.Letter, said()[0].ID, "看看"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the level above opens it before its time: %v", err)
		}
		h, err := w.App.Intake.OpenWord(apptest.Ctx, w.As("intake"), l.Letter, said()[0].ID, "查阅补充情况")
		if err != nil || h.Speech.Text != "还有一本账在他家里。" || h.Altered {
			t.Fatalf("%+v, %v", h, err)
		}
		f, r, err := w.App.Intake.ReadWordContent(apptest.Ctx, w.As("intake"), l.Letter, said()[0].ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); err != nil || string(b) != "收支" || f.Name != "账本.txt" {
			t.Errorf("%q %s %v", b, f.Name, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if said()[0].Read != "2026-10-12" || len(s.running(l.Letter, intake.RuleWord)) != 0 {
			t.Error("it is owed a reading still")
		}
		w.Do("intake", e.ID, "accept", nil)
		w.Do("intake", e.ID, "say", flow.Values{"words": {"发放表的原件您见过吗？"}})
		st, _ := w.Told(l)
		if last := st.Events[len(st.Events)-1]; last.What != "told" || last.Text != "发放表的原件您见过吗？" {
			t.Errorf("%+v", st.Events)
		}
		w.Say(l, envelope.Objection, "没有，但会计见过。", w.Units["county"], "2026-10-12", nil)
		w.TakeIn()
		if cs := s.running(e.ID, intake.RuleWord); len(cs) != 1 {
			t.Errorf("what was said after it was entered is owed on the tip-off: %+v", cs)
		}
		if st, _ := w.Told(l); !strings.Contains(events(st), "objected") {
			t.Errorf("%+v", st)
		}
		letter, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "周某某", Post: "站长", Rank: "staff", Category: "c2"},
			Channel: "letter", Received: "2026-10-12", Title: "来信", Summary: "来信反映。", Discipline: "integrity"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Try("intake", letter.ID, "say", flow.Values{"words": {"您好"}}); fault.Code(err) != "tipoff.no_words" {
			t.Errorf("said to somebody who can't read it: %v", err)
		}
		unreadable(t, d, "还有一本账在他家里", "账本.txt", "但会计见过")
		w.Verify()
	})
}

// TestLetterProved: once a checkpoint covers the act that took a letter in, its reporter holds a proof of it, which says what
// the receipt and the letter say; before that there is none.
func TestLetterProved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, key := lived(t, d)
		w.Spool(t.TempDir())
		l := w.Lodge(written(w), w.Units["county"], "2026-10-09", nil)
		w.TakeIn(&l)
		if st, _ := w.Told(l); st.Proof != "" {
			t.Error("proved before anything was signed")
		}
		w.Now = w.Now.Add(time.Hour)
		w.App.NewWorkers(quiet(), key).RunDue(apptest.Ctx)
		st, _ := w.Told(l)
		w.Unlock("county")
		keys, err := w.App.Custody.Ring.Keys(w.Units["county"].ID.String())
		if err != nil {
			t.Fatal(err)
		}
		_, letter, err := l.Envelope.Open(keys...)
		if err != nil {
			t.Fatal(err)
		}
		lines := proof.Check(proof.Ask{Proof: st.Proof, Receipt: l.Receipt, Letter: letter, Publics: []string{key.Public()}})
		held := 0
		for _, x := range lines {
			if x.State == proof.Fails {
				t.Errorf("%+v", x)
			}
			if x.State == proof.Holds {
				held++
			}
		}
		if held < 5 {
			t.Errorf("%+v", lines)
		}
	})
}

// TestLetterToTheProvince: what the city leaves lying rises to the province, which lies in another tenant, and is opened and
// entered there.
func TestLetterToTheProvince(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("provinceintake", "边访", "intake_clerk", "province")
		w.Spool(t.TempDir())
		l := w.Lodge(written(w), w.Units["city"], "2026-10-09", nil)
		w.TakeIn(&l)
		w.Unlock("province")
		s := superior{t, w, w.Serve()}
		w.On("2026-10-19")
		s.pass()
		if risen := s.running(l.Letter, flow.RuleRisen); len(risen) != 1 || risen[0].OwedBy != w.Units["province"].ID {
			t.Fatalf("it rose to %+v", risen)
		}
		code, page := w.Get(s.srv, "provinceintake", "/letters/"+l.Letter.String())
		if code != 200 || !strings.Contains(page, "启封") {
			t.Errorf("the province can't open it: %d", code)
		}
		// Beside the letter the form knows the unit, and offers others, of the tenant that the letter lies in.
		code, page = browse(t, w).post("provinceintake", "/letters/"+l.Letter.String(), url.Values{"reason": {"到期未处理，启封"}})
		if code != 200 || !strings.Contains(page, `value="石桥镇"`) || !strings.Contains(page, "管护费") || !strings.Contains(page, `data-own`) {
			t.Errorf("the form beside the letter: %d", code)
		}
		for who, want := range map[string]bool{"provinceintake": true, "cityintake": true, "otherintake": false} {
			if _, page := w.Get(s.srv, who, "/pick/units?of=2&unit_typed="+url.QueryEscape("石桥")); strings.Contains(page, "石桥镇") != want {
				t.Errorf("%s is offered the unit: %v", who, !want)
			}
		}
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("provinceintake"), entryFrom(w, l.Letter))
		if err != nil {
			t.Fatal(err)
		}
		if tip := w.Matter(e.ID); tip.Organ != w.Units["province"].ID || tip.ID.City != apptest.City || w.Matter(l.Letter).State != intake.LetterEntered {
			t.Errorf("%+v", tip)
		}
		if st, _ := w.Told(l); st.Organ != "某省纪委监委" || st.Above != (id.ID{}) || st.Rises != "" {
			t.Errorf("%+v", st)
		}
		w.Verify()
	})
}
