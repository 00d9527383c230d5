package app_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/exchange"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/typed"
)

// poison is a text that a page, a script, a template, a sheet or a log would take for something of theirs; mark is in
// it, so that it can be told from what is the program's.
const (
	poison = `=1+"><` + mark + ` onload=` + mark + `()>'</textarea></title><script>` + mark + `()</script>`
	short  = `=1+"><` + mark + ` onx=1>'`
	tiny   = `@<` + mark + `>"'`
)

// said is as much poison as fits.
func said(limit int) string {
	for _, s := range []string{poison + "{{" + mark + "}}${" + mark + "}<!--", poison, short} {
		if len(s) <= limit {
			return s
		}
	}
	return tiny
}

// poisoned lets every move that is made from now on say poison wherever it says anything in words, whether it has to or
// not. It changes what came from a form and was found right.
func poisoned(t *testing.T, w *driver) (fields map[string]bool) {
	fields = map[string]bool{}
	for _, kind := range w.App.Engine.Kinds() {
		table, _ := w.App.Engine.Table(kind)
		checks := map[string]func(context.Context, *flow.Op) error{}
		maps.Copy(checks, table.Hooks.Check)
		for i := range table.Moves {
			mv := &table.Moves[i]
			was := checks[mv.Name]
			checks[mv.Name] = func(ctx context.Context, op *flow.Op) error {
				open, err := op.Engine.Asked(ctx, op.Tx, op.M, mv.Fields)
				if err != nil {
					return err
				}
				for _, f := range open {
					if words(f) && asked(f, op.In) {
						op.In.Set(f.Name, said(f.Limit()))
						fields[kind+"."+mv.Name+"."+f.Name] = true
					}
				}
				if was == nil {
					return nil
				}
				return was(ctx, op)
			}
		}
		table.Hooks.Check = checks
	}
	return fields
}

// words says whether a field takes whatever is typed.
func words(f flow.Field) bool { return f.Kind == flow.Line || f.Kind == flow.Para }

// TestInert is T37: whatever somebody types into any text of any form stays a text: on every page that there is to
// reach, in every search, in every table that is given out and in the report.
func TestInert(t *testing.T) {
	t.Parallel()
	w := &walk{drive(t, dbtest.SQLite(t)), "full"}
	c := &crawler{walker: (&furnished{w.World, t, nil}).walker(), b: browse(t, w.World), seen: map[string]bool{}, shapes: map[string]int{}}
	w.Spool(t.TempDir())
	fields := poisoned(t, w.driver)
	w.tipoffs()
	w.letters()
	w.clues()
	w.cases()
	w.callups()
	w.late()
	w.unlisted()
	w.gaps()
	slowly(t, w.World)
	remake(t, w.World)
	slowly(t, w.World)
	w.duties()
	w.otherwise()
	for _, kind := range w.App.Engine.Kinds() {
		table, _ := w.App.Engine.Table(kind)
		for _, mv := range table.Moves {
			for _, f := range mv.Fields {
				if words(f) && !mv.Retired && !fields[kind+"."+mv.Name+"."+f.Name] {
					t.Errorf("nothing was said in %s of %s.%s", f.Name, kind, mv.Name)
				}
			}
		}
	}
	for _, text := range []string{said(120), short, tiny} {
		if clean, ok := typed.Clean(text, false); !ok || clean != text {
			t.Errorf("%q would be refused, and shows nothing", text)
		}
	}
	c.typed(w)
	c.imported()
	for _, who := range []string{"intake", "supervision", "principal", "deputy", "handler", "reviewer", "secretary", "officer", "cityoffice", "cityorg", "secadmin", "auditor"} {
		c.around(who)
	}
	c.reflected()
	c.givenOut()
	if len(c.seen) < 500 || c.marked < 200 {
		t.Errorf("%d pages, %d of them with anything in them that was typed", len(c.seen), c.marked)
	}
	t.Logf("%d pages, %d with what was typed", len(c.seen), c.marked)
}

// otherwise makes moves again with the choices that ask for words that the first time did not.
func (w *walk) otherwise() {
	w.t.Helper()
	letter := w.letter(true)
	w.make(letter, "accept", nil)
	c := child(w.t, w.World, letter, "clue")
	w.make(letter, "prepare_below", nil)
	w.make(c, "hand_out", w.to())
	w.make(w.received(c), "propose", vals{"disposal": {"close"}})
	w.make(c, "settle", nil)
	w.make(letter, "tell_result", vals{"reached": {"no"}})
	c = w.found(org.SubjectInput{})
	w.verified(c, "untrue")
	w.make(c, "propose_result", vals{"outcome": {"close"}, "clear_answer": {"declined"}, "clear_reason": {"本人不同意。"}})
	w.make(w.filed(w.found(org.SubjectInput{}), "party"), "drop_filing", vals{"clear_answer": {"declined"}})
	for _, in := range []vals{
		{"decision": {"sanction"}, "party_sanction": {"party_warning"}, "party_body": {"county_commission"}, "branch": {"direct"}, "direct_ground": {"other"}},
		{"decision": {"none"}, "clear_answer": {"declined"}, "clear_reason": {"本人不同意。"}},
	} {
		k := w.filed(w.found(org.SubjectInput{}), "party")
		w.make(k, "submit_filing", nil)
		w.make(k, "announce_filing", nil)
		w.investigated(k)
		w.make(k, "review_report", vals{"talk": {"not_held"}})
		w.make(k, "decide", in)
	}
}

// typed fills every form in that no move has, poison in every text of it.
func (c *crawler) typed(w *walk) {
	c.t.Helper()
	sent := func(what, who, path string, want int, f url.Values) {
		c.t.Helper()
		code, body := c.b.post(who, path, f)
		if code != want {
			c.t.Errorf("%s: %d, want %d", what, code, want)
		}
		c.page(what, answer{code: code, body: body})
	}
	subject := url.Values{"unit": {c.Units["full"].ID.Key}, "unit_typed": {poison}, "unit_text": {short}, "subject_name": {short}, "post": {said(60)}, "rank": {"staff"}, "category": {"c2"}, "party_member": {"yes"}, "received": {string(c.App.DB.Today())}, "title": {said(80)}, "summary": {said(4000)}, "discipline": {"integrity"}}
	entered := func(more url.Values) url.Values {
		f := url.Values{}
		maps.Copy(f, subject)
		maps.Copy(f, more)
		return f
	}
	for _, named := range []string{"no", "yes"} {
		sent("a report", "intake", "/tipoffs", http.StatusSeeOther, entered(url.Values{"channel": {"transfer"}, "from_kind": {"audit"}, "from_no": {short}, "named": {named}, "reporter_name": {"@" + short}, "reporter_contact": {said(120)}, "reporter_when": {said(120)}, "original": {said(4000)}}))
	}
	sent("a report sent back", "intake", "/tipoffs", http.StatusUnprocessableEntity, entered(url.Values{"channel": {poison}, "from_no": {poison}, "reporter_name": {poison}, "original": {poison}, "discipline": {poison}}))
	sent("a clue", "supervision", "/clues", http.StatusSeeOther, entered(url.Values{"source": {"found"}, "from_text": {said(60)}, "verify_note": {said(1000)}}))
	sent("a clue sent back", "supervision", "/clues", http.StatusUnprocessableEntity, entered(url.Values{"source": {poison}}))
	sent("a sign-in", "", "/sign-in", http.StatusUnauthorized, url.Values{"user": {poison}, "password": {poison}, "next": {"/" + poison}})

	// Something that waits, is returned with a note, stood aside from, put on paper, and kept a file with.
	m := w.found(org.SubjectInput{})
	page := "/m/" + m.String()
	version := func() string { return fmt.Sprint(c.Matter(m).Version) }
	sent("a disposal sent back", "officer", page+"/do/propose", http.StatusUnprocessableEntity, url.Values{"_version": {version()}, "disposal": {poison}, "reason": {poison}, "studied_by": {poison}, "studied_on": {poison}})
	w.propose(m, "propose", vals{"disposal": {"verification"}})
	p := "/p/" + open(c.t, c.World, m).ID.String() + "/decide"
	sent("a decision sent back", "secretary", p, http.StatusUnprocessableEntity, url.Values{"_version": {version()}, "decision": {"return"}, "note": {strings.Repeat(poison, 100)}})
	sent("a return", "secretary", p, http.StatusSeeOther, url.Values{"_version": {version()}, "decision": {"return"}, "note": {said(500)}})
	w.propose(m, "propose", vals{"disposal": {"verification"}}) // and waits, for the lists of what does
	sent("stepping aside", "officer", page+"/recusal", http.StatusSeeOther, url.Values{"ground": {"kin"}, "relation": {said(500)}})
	sent("stepping aside sent back", "officer", page+"/recusal", http.StatusUnprocessableEntity, url.Values{"ground": {poison}, "relation": {strings.Repeat(poison, 100)}})
	xs, err := c.App.Engine.Recusals(c.t.Context(), c.App.DB.In(m.City), c.As("principal"), c.Matter(m))
	c.must(err)
	sent("a refusal", "principal", page+"/recusal/"+xs[0].ID.String(), http.StatusSeeOther, url.Values{"do": {"refuse"}, "note": {said(500)}})
	clock := c.App.DB.In(m.City)
	ks, err := db.Column[string](c.t.Context(), clock, `SELECT c.id FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 AND c.state = 'open' ORDER BY c.id`, m.Key)
	c.must(err)
	sent("urging", "supervision", page+"/clock/"+ks[0]+"/urge", http.StatusSeeOther, url.Values{"_version": {version()}, "reason": {said(500)}})
	paper := url.Values{"title": {said(100)}, "addressee": {said(200)}, "copies": {said(200)}, "body": {said(4000) + "\n# " + poison + "\n" + poison + "：\n" + short + "：" + poison}}
	for _, do := range []string{"preview", "issue"} {
		want := map[string]int{"preview": http.StatusOK, "issue": http.StatusSeeOther}[do]
		for _, code := range []string{"disposal_form", "verify_report", "inquiry_letter"} {
			sent("a paper", "officer", page+"/papers/new/"+code, want, with(paper, "do", do))
		}
	}
	content, kind := upload(strings.NewReader(pdf), strings.ReplaceAll(short, `"`, "")+".pdf", nil)
	if a := c.send("officer", page+"/files", kind, content, -1); a.code != http.StatusSeeOther {
		c.t.Errorf("a file: %d", a.code)
	}
	sent("a delegation", "secretary", "/delegations", http.StatusSeeOther, url.Values{"to": {c.Who["twpdeputy"].Person}, "begins": {string(c.App.DB.Today())}, "ends": {string(c.App.DB.Today())}, "reason": {said(60)}})
	sent("a delegation sent back", "secretary", "/delegations", http.StatusUnprocessableEntity, url.Values{"to": {poison}, "begins": {poison}, "reason": {poison}})
	t, err := db.Column[string](c.t.Context(), clock, `SELECT e.matter_id FROM envelopes e JOIN matters m ON m.city_id = e.city_id AND m.id = e.matter_id WHERE e.city_id = $1 AND e.what = 'identity' AND m.title = $2`, said(80))
	c.must(err)
	c.Unlock("county")
	sent("the reporter's name", "intake", "/m/"+id.ID{City: m.City, Key: t[0]}.String()+"/open/identity", http.StatusOK, url.Values{"reason": {said(120)}})
	c.posts(sent)
}

// posts puts somebody forward for a post in words, confirms it, and lets them go.
func (c *crawler) posts(sent func(what, who, path string, want int, f url.Values)) {
	c.t.Helper()
	free := func(state string) string {
		ks, err := db.Column[string](c.t.Context(), c.App.DB.In(c.Who["officer"].City), `SELECT h.post_id FROM holdings h WHERE h.city_id = $1 AND h.id = $2`, c.Who[state].Holding)
		c.must(err)
		return "/admin/posts/" + ks[0]
	}
	post, today := free("hlofficer"), string(c.App.DB.Today())
	sent("somebody leaves", "secadmin", post+"/end", http.StatusSeeOther, url.Values{"on": {today}, "leave_reason": {c.App.Rules.Terms("leaving_reason", c.App.DB.Today())[0].Code}, "leave_to": {said(60)}})
	sent("somebody is put forward", "secadmin", post+"/propose", http.StatusSeeOther, url.Values{"name": {short}, "born": {"1990-01"}, "from": {today}, "full": {"yes"}, "acting": {"no"}, "paper": {said(60)}})
	sent("somebody is put forward wrongly", "secadmin", post+"/propose", http.StatusUnprocessableEntity, url.Values{"new": {"1"}, "name": {poison}, "born": {poison}, "from": {poison}, "paper": {poison}})
	ks, err := db.Column[string](c.t.Context(), c.App.DB.In(c.Who["officer"].City), `SELECT a.id FROM appointments a WHERE a.city_id = $1 AND a.state = 'open'`)
	c.must(err)
	sent("it is refused", "cityorg", post+"/decide", http.StatusSeeOther, url.Values{"appointment": {ks[0]}, "version": {"1"}, "do": {"refuse"}, "note": {said(100)}})
}

// imported brings poison in as tables: units, people, officials, what they rest on.
func (c *crawler) imported() {
	c.t.Helper()
	county, town := c.Units["county"].Code, c.Units["full"].Code
	for _, x := range []struct {
		who, kind string
		columns   []string
		row       []string
	}{
		{"cityorg", "divisions", []string{"code", "unit_name"}, []string{town, short}},
		{"cityorg", "divisions", []string{"code", "unit_name", "short"}, []string{county[:6] + "009000", "镇" + short, tiny}},
		{"cityorg", "people", []string{"unit", "post", "name", "born", "since", "duties", "left_reason", "left_to", "person_no"}, []string{c.Units["headless"].Code, "officer", tiny, "1990-01", string(c.App.DB.Today()), short, "", short, tiny}},
		{"cityorg", "officials", []string{"unit", "name", "post", "rank", "category", "party_member", "official_no"}, []string{town, short, said(60), "staff", "c2", "yes", tiny}},
		{"supervision", "duties", []string{"unit", "name", "duty_kind", "duty_what", "duty_part", "duty_by", "duty_paper", "duty_paper_on", "duty_hours", "duty_from"}, []string{c.Units["full"].Code, c.Who["secretary"].Name, "other", short, "part", short, tiny, "2026-03-01", "4", "2026-03-01"}},
		{"cityorg", "statistics", []string{"unit", "day", "authorised", "actual", "base", "basis"}, []string{town, "2026-10-12", "30", "20", "100", short}},
	} {
		if !c.bring(x.who, x.kind, x.columns, x.row) {
			c.t.Errorf("%s: not taken in: %v", x.kind, x.row)
		}
	}
}

// bring imports one row through the pages, and says whether it was written.
func (c *crawler) bring(who, kind string, columns, row []string) bool {
	c.t.Helper()
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	head := make([]string, len(columns))
	for i, col := range columns {
		head[i] = exchange.ColumnName("zh-CN", col)
	}
	c.must(errors.Join(out.Write(head), out.Write(row)))
	out.Flush()
	content, form := upload(&b, strings.ReplaceAll(short, `"`, "")+".csv", map[string]string{"kind": kind, "on": string(c.App.DB.Today())})
	a := c.send(who, "/import", form, content, -1)
	c.page("the import of "+kind, a)
	_, sum, _ := strings.Cut(a.body, `name="sum" value="`)
	sum, _, _ = strings.Cut(sum, `"`)
	code, text := c.b.post(who, "/import/confirm", url.Values{"sum": {sum}})
	c.page("the import of "+kind, answer{code: code, body: text})
	if !strings.Contains(text, locale.T("zh-CN", "import.done")) {
		c.t.Log(code, plainText(text))
		return false
	}
	return true
}
