package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

type object = map[string]any

// program is somebody calling the interface with a token.
type program struct {
	t   *testing.T
	w   *apptest.World
	srv *httptest.Server
}

func serve(t *testing.T, d *db.DB) program {
	w := apptest.New(t, d)
	return program{t, w, w.Serve()}
}

// call sends a request as somebody; key is the Idempotency-Key, "" for none.
func (p program) call(who, method, path, key string, in any) (int, any) {
	p.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			p.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, p.srv.URL+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+who)
	req.Header.Set("Accept-Language", "zh-CN")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var out any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		p.t.Fatalf("%s %s as %s: %d, no JSON: %v", method, path, who, res.StatusCode, err)
	}
	form := "application/json; charset=utf-8"
	if res.StatusCode >= 400 {
		form = "application/problem+json; charset=utf-8"
	}
	if got := res.Header.Get("Content-Type"); got != form {
		p.t.Errorf("%s %s: %d as %s", method, path, res.StatusCode, got)
	}
	return res.StatusCode, out
}

// get fetches a document in a language.
func (p program) get(who, path, lang string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.srv.URL+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+who)
	req.Header.Set("Accept-Language", lang)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// want is call for an answer that must have the status.
func (p program) want(status int, who, method, path, key string, in any) object {
	p.t.Helper()
	got, out := p.call(who, method, path, key, in)
	if got != status {
		p.t.Fatalf("%s %s as %s: %d, want %d: %v", method, path, who, got, status, out)
	}
	if o, ok := out.(object); ok {
		return o
	}
	return object{"": out}
}

// id is the id of what was entered.
func (p program) id(made object) id.ID {
	p.t.Helper()
	x, err := id.Parse(made["id"].(string))
	if err != nil {
		p.t.Fatal(err)
	}
	return x
}

// bad names the fields that a problem document stands beside.
func bad(o object) string {
	var out []string
	es, _ := o["errors"].([]any)
	for _, e := range es {
		out = append(out, e.(object)["field"].(string)+" "+e.(object)["code"].(string))
	}
	return strings.Join(out, ", ")
}

func newClue() object {
	return object{"subject": object{"unit": "990101001000", "name": "吴某", "post": "农业综合服务中心主任", "rank": "staff", "party_member": true}, "source": "found", "received": "2026-10-12",
		"title": "石桥镇农业综合服务中心主任虚报管护费", "summary": "日常监督发现，该主任虚报高标准农田管护费。", "discipline": "integrity"}
}

const clues = "/api/v1/clues"

// TestClueByProgramAlone carries a clue from entry to its first approval with nothing but the interface, and tries on
// the way what must not go through.
func TestClueByProgramAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := serve(t, d)
		made := p.want(201, "supervision", "POST", clues, "k1", newClue())
		if again := p.want(201, "supervision", "POST", clues, "k1", newClue()); again["id"] != made["id"] || again["no"] != made["no"] {
			t.Errorf("entered again as %v, first as %v", again, made)
		}
		other := newClue()
		other["title"] = "另一件"
		if o := p.want(409, "supervision", "POST", clues, "k1", other); o["code"] != "request.key_reused" {
			t.Errorf("a key used for another body: %v", o)
		}
		one := clues + "/" + made["id"].(string)
		list := p.want(200, "supervision", "GET", clues+"?view=pool", "", nil)["items"].([]any)
		if len(list) != 1 || list[0].(object)["id"] != made["id"] {
			t.Fatalf("the pool holds %v", list)
		}
		row := list[0].(object)
		if row["handler"] != nil || row["organ"].(object)["name"] != "云渡县纪委监委" || row["township"].(object)["name"] != "石桥镇" {
			t.Errorf("listed as %v", row)
		}

		// What may happen next, and to whom.
		p.want(403, "intake", "GET", one, "", nil) // whoever takes letters in reads no clues
		p.want(404, "othersupervision", "GET", one, "", nil)
		p.want(404, "othersupervision", "GET", one+"/moves", "", nil)
		p.want(404, "othersupervision", "POST", one+"/moves", "", object{"move": "hand_out", "version": 1, "fields": object{"target": "x", "back": "no"}})
		p.want(404, "handler", "GET", one, "", nil) // not yet theirs
		p.want(404, "supervision", "GET", "/api/v1/cases/"+made["id"].(string), "", nil)
		p.want(404, "supervision", "POST", "/api/v1/cases/"+made["id"].(string)+"/moves", "", object{"move": "sign", "version": 1})
		next := p.want(200, "supervision", "GET", one+"/moves", "", nil)
		hand := find(t, next["moves"].([]any), "move", "hand_out")
		if hand["open"] != true {
			t.Fatalf("handing out is %v", hand)
		}
		target := find(t, hand["fields"].([]any), "name", "target")
		office := find(t, target["choices"].([]any), "name", "第一纪检监察室")["code"]
		seen := next["version"]
		if deputy := p.want(200, "deputy", "GET", one+"/moves", "", nil); find(t, deputy["moves"].([]any), "move", "hand_out")["code"] != "move.not_yours" {
			t.Errorf("to the deputy: %v", deputy)
		}
		in := object{"move": "hand_out", "version": seen, "fields": object{"target": office, "back": "no"}}
		if o := p.want(403, "deputy", "POST", one+"/moves", "", in); o["code"] != "move.not_yours" {
			t.Errorf("another's move: %v", o)
		}
		if o := p.want(422, "supervision", "POST", one+"/moves", "", object{"move": "hand_out", "version": seen, "fields": object{"back": "no"}}); bad(o) != "fields.target required" {
			t.Errorf("beside: %s", bad(o))
		}
		if o := p.want(422, "supervision", "POST", one+"/moves", "", object{"move": "hand_out", "version": seen, "fields": object{"target": []string{"a"}, "whom": 1}}); bad(o) != "fields.target field.form, fields.whom field.unknown" {
			t.Errorf("beside: %s", bad(o))
		}
		if o := p.want(422, "supervision", "POST", one+"/moves", "", object{"move": "fly", "version": seen}); bad(o) != "move move.unknown" {
			t.Errorf("beside: %s", bad(o))
		}
		p.want(404, "othersupervision", "POST", one+"/moves", "", object{"move": "fly", "version": seen})
		handed := p.want(200, "supervision", "POST", one+"/moves", "k2", in)
		if again := p.want(200, "supervision", "POST", one+"/moves", "k2", in); !same(handed, again) {
			t.Errorf("handed out again: %v, first %v", again, handed)
		}
		if o := p.want(409, "supervision", "POST", one+"/moves", "", in); o["code"] != "stale" {
			t.Errorf("a version of before: %v", o)
		}

		// The handler proposes, the head signs.
		due := desk(t, p, "handler")
		if len(due) == 0 || due[0]["subject"].(object)["id"] != made["id"] || due[0]["rule"] != "clue.opinion" || !strings.Contains(due[0]["why"].(string), "10月12日") || due[0]["basis"] == "" {
			t.Fatalf("the handler's desk: %v", due)
		}
		next = p.want(200, "handler", "GET", one+"/moves", "", nil)
		propose := find(t, next["moves"].([]any), "move", "propose")
		if s := propose["approval"].(object)["signers"].([]any); len(s) < 2 || s[0].(object)["role"] != "head" {
			t.Errorf("signers are %v", s)
		}
		in = object{"move": "propose", "version": next["version"], "fields": object{"disposal": "verification", "reason": "问题具体，可查。", "studied_on": "2026-10-12", "studied_by": "姜、戚、谢三人"}}
		proposed := p.want(200, "handler", "POST", one+"/moves", "k3", in)
		if proposed["approval"] == nil || proposed["state"] != "opinion_review" {
			t.Fatalf("proposed: %v", proposed)
		}
		if d := desk(t, p, "head"); len(d) != 2 || d[1]["waits"] != true || d[0]["approval"] != proposed["approval"] {
			t.Errorf("the head's desk: %v", d)
		}
		waits := p.want(200, "head", "GET", "/api/v1/approvals", "", nil)["items"].([]any)
		if len(waits) != 1 {
			t.Fatalf("%d wait for the head", len(waits))
		}
		x := waits[0].(object)
		if x["id"] != proposed["approval"] || x["yours"] != true || x["author"] != "第一纪检监察室 戚办" || x["fields"].(object)["disposal"].([]any)[0] != "verification" {
			t.Errorf("waiting: %v", x)
		}
		if all := p.want(200, "principal", "GET", "/api/v1/approvals", "", nil)["items"].([]any); len(all) != 1 || all[0].(object)["yours"] != true {
			t.Errorf("the chief may sign directly: %v", all)
		}
		at := "/api/v1/approvals/" + proposed["approval"].(string)
		version := x["subject"].(object)["version"]
		if o := p.want(403, "handler", "POST", at, "", object{"decision": "approve", "version": version}); o["code"] != "approve.own" {
			t.Errorf("one's own: %v", o)
		}
		p.want(404, "otherprincipal", "POST", at, "", object{"decision": "approve", "version": version})
		if o := p.want(422, "head", "POST", at, "", object{"decision": "return", "version": version}); bad(o) != "note return.reason" {
			t.Errorf("beside: %s", bad(o))
		}
		if o := p.want(422, "head", "POST", at, "", object{"decision": "perhaps", "version": version}); bad(o) != "decision choice.unknown" {
			t.Errorf("beside: %s", bad(o))
		}
		signed := p.want(200, "head", "POST", at, "k4", object{"decision": "approve", "version": version})
		if again := p.want(200, "head", "POST", at, "k4", object{"decision": "approve", "version": version}); !same(signed, again) {
			t.Errorf("signed again: %v, first %v", again, signed)
		}
		if d := desk(t, p, "deputy"); len(d) != 1 || d[0]["approval"] != proposed["approval"] {
			t.Errorf("the deputy's desk: %v", d)
		}
		whole := p.want(200, "handler", "GET", one, "", nil)
		steps := whole["waiting"].(object)["steps"].([]any)
		if s := steps[0].(object); s["decision"] != "approved" || s["person"] != "姜主任" {
			t.Errorf("first signature: %v", s)
		}
		if h := whole["history"].([]any); len(h) != 4 {
			t.Errorf("%d lines of history", len(h))
		}
		if whole["matter"].(object)["source"] != nil {
			t.Error("an office learns where the clue came from")
		}
		p.w.Verify()
	})
}

// TestReplayOutOfSight: a request that takes the matter out of the caller's sight has the same answer when it comes again.
func TestReplayOutOfSight(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	made := p.want(201, "supervision", "POST", clues, "", newClue())
	moves := clues + "/" + made["id"].(string) + "/moves"
	v := p.want(200, "supervision", "GET", moves, "", nil)["version"]
	p.want(200, "supervision", "POST", moves, "", object{"move": "hand_out", "version": v, "fields": object{"target": p.w.Units["full"].ID.Key, "back": "no"}})
	v = p.want(200, "secretary", "GET", moves, "", nil)["version"]
	back := object{"move": "give_back", "version": v, "fields": object{"reason": "不属于本镇管辖。"}}
	first := p.want(200, "secretary", "POST", moves, "r1", back)
	p.w.Approve("principal", p.id(made))
	p.want(404, "secretary", "GET", moves, "", nil)
	p.want(404, "secretary", "POST", moves, "", back)
	if again := p.want(200, "secretary", "POST", moves, "r1", back); !same(first, again) {
		t.Errorf("again %v, first %v", again, first)
	}
}

// TestTipoffByProgram: a named letter is entered, its reporter goes nowhere but into the envelope, and a report about
// somebody managed above becomes a slip.
func TestTipoffByProgram(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := serve(t, d)
		in := object{"subject": object{"unit": p.w.Units["full"].ID.String(), "name": "吴某", "post": "农业综合服务中心主任", "rank": "staff", "party_member": true}, "channel": "letter", "received": "2026-10-12",
			"named": true, "reporter": object{"name": "赵六", "contact": "13900000000"}, "original": "来信原文", "title": "反映虚报管护费", "summary": "来信反映虚报管护费，数额不详。", "discipline": "integrity"}
		made := p.want(201, "intake", "POST", "/api/v1/tipoffs", "t1", in)
		if made["kind"] != "tipoff" {
			t.Errorf("entered as %v", made)
		}
		_, out := p.call("intake", "GET", "/api/v1/tipoffs/"+made["id"].(string), "", nil)
		if b, _ := json.Marshal(out); bytes.Contains(b, []byte("赵六")) || bytes.Contains(b, []byte("13900000000")) || bytes.Contains(b, []byte("来信原文")) {
			t.Errorf("the reporter shows: %s", b)
		}
		in["subject"].(object)["rank"] = ""
		in["reporter"] = nil
		if o := p.want(422, "intake", "POST", "/api/v1/tipoffs", "", in); bad(o) != "subject.rank required" {
			t.Errorf("beside: %s", bad(o))
		}
		in["subject"].(object)["rank"] = "staff"
		if o := p.want(422, "intake", "POST", "/api/v1/tipoffs", "", in); bad(o) != "reporter.name required, reporter.contact required" {
			t.Errorf("beside: %s", bad(o))
		}
		in["subject"].(object)["unit"] = "990102009999"
		if o := p.want(422, "intake", "POST", "/api/v1/tipoffs", "", in); bad(o) != "subject.unit choice.unknown" {
			t.Errorf("beside: %s", bad(o))
		}
		in["subject"] = object{"unit": "990101000000", "post": "县长", "rank": "county", "party_member": true}
		slip := p.want(201, "intake", "POST", "/api/v1/tipoffs", "", in)
		if slip["kind"] != "slip" {
			t.Errorf("about somebody managed above: %v", slip)
		}
		p.want(200, "intake", "GET", "/api/v1/slips/"+slip["id"].(string), "", nil)
		p.want(404, "intake", "GET", "/api/v1/tipoffs/"+slip["id"].(string), "", nil)
		p.want(403, "supervision", "POST", "/api/v1/tipoffs", "", in)

		// One of the organ's own: the matter stands in the register above at once, and here has no number and no address.
		own := object{"subject": object{"unit": p.w.Units["county"].ID.String(), "name": "戚办", "post": "第一纪检监察室干部", "rank": "staff", "party_member": true}, "channel": "letter", "received": "2026-10-12",
			"title": "反映纪检监察干部", "summary": "来信反映纪检监察干部收受礼金。", "discipline": "integrity"}
		if o := p.want(201, "intake", "POST", "/api/v1/tipoffs", "", own); o["gone"] != true || o["id"] != "" || o["no"] != "" {
			t.Errorf("about one of the organ's own: %v", o)
		}
		above := find(t, p.want(200, "cityintake", "GET", "/api/v1/tipoffs", "", nil)["items"].([]any), "title", "反映纪检监察干部")
		if above["organ"].(object)["name"] != "XX市纪委监委" {
			t.Errorf("it stands in the register of %v", above["organ"])
		}
		p.want(404, "intake", "GET", "/api/v1/tipoffs/"+above["id"].(string), "", nil)
	})
}

// TestPagesOfLists: a list is read to its end by its cursor, every row once; unknown filters are refused; nobody below
// the organ filters by source.
func TestPagesOfLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := serve(t, d)
		const n = 7
		for range n {
			p.want(201, "supervision", "POST", clues, "", newClue())
		}
		seen, after := map[string]bool{}, ""
		for pages := 1; ; pages++ {
			o := p.want(200, "supervision", "GET", clues+"?limit=3&after="+after, "", nil)
			for _, x := range o["items"].([]any) {
				seen[x.(object)["id"].(string)] = true
			}
			next, more := o["next"].(string)
			if after = next; !more {
				if pages != 3 {
					t.Errorf("%d pages", pages)
				}
				break
			}
		}
		if len(seen) != n {
			t.Errorf("%d of %d rows", len(seen), n)
		}
		for q, want := range map[string]string{"view=nowhere": "view filter.unknown", "source=x": "source filter.unknown", "township=x": "township choice.unknown", "from=2026-13-01": "from day.invalid",
			"limit=0": "limit count.range", "after=x": "after cursor"} {
			if o := p.want(422, "supervision", "GET", clues+"?"+q, "", nil); bad(o) != want {
				t.Errorf("%s: %s", q, bad(o))
			}
		}
		p.want(200, "supervision", "GET", clues+"?source=found&township=990101001000", "", nil)
		if o := p.want(422, "secretary", "GET", clues+"?source=tipoff", "", nil); bad(o) != "source filter.unknown" {
			t.Errorf("a township filters by source: %s", bad(o))
		}
	})
}

// TestStatements: an answer takes as many statements for many rows as for few.
func TestStatements(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	m := w.Mux()
	var took int64
	m.Observe = func(_ web.Route, status int, _ time.Duration, n int64) {
		if status != 200 {
			t.Errorf("answered %d", status)
		}
		took = n
	}
	h := m.Handler()
	ask := func(who, path string) int64 {
		req := httptest.NewRequest("GET", path, nil)
		req.Header.Set("Authorization", "Bearer "+who)
		h.ServeHTTP(httptest.NewRecorder(), req)
		return took
	}
	grow := func(n int) {
		for range n {
			e, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", PartyMember: true},
				Source: "found", Received: "2026-10-12", Title: "虚报管护费", Summary: "日常监督发现。", Discipline: "integrity"})
			if err != nil {
				t.Fatal(err)
			}
			w.Do("supervision", e.ID, "hand_out", flow.Values{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
			w.Do("handler", e.ID, "propose", flow.Values{"disposal": {"verification"}, "reason": {"可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"三人"}})
		}
	}
	grow(1)
	few := map[[2]string]int64{}
	asks := [][2]string{{"supervision", clues}, {"head", "/api/v1/desk"}, {"head", "/api/v1/approvals"}, {"principal", "/api/v1/approvals"}}
	for _, a := range asks {
		few[a] = ask(a[0], a[1])
	}
	grow(6)
	for _, a := range asks {
		if n := ask(a[0], a[1]); n != few[a] {
			t.Errorf("%s %s: %d statements for seven, %d for one", a[0], a[1], n, few[a])
		}
	}
}

// TestBodies: what is no JSON, or more than one value, or has a field nobody asked for, is refused whole.
func TestBodies(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	for _, x := range []struct{ form, body, code string }{
		{"text/plain", `{}`, "request.not_json"}, {"", `{}`, "request.not_json"}, {"application/json", `{`, "request.malformed"}, {"application/json", `{} {}`, "request.malformed"},
		{"application/json", `{"titel":"x"}`, "request.malformed"}, {"application/json; charset=utf-8", `[]`, "request.malformed"},
	} {
		req, err := http.NewRequest("POST", p.srv.URL+clues, strings.NewReader(x.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer supervision")
		req.Header.Set("Content-Type", x.form)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		var o object
		err = json.NewDecoder(res.Body).Decode(&o)
		res.Body.Close()
		if err != nil || res.StatusCode != 400 || o["code"] != x.code {
			t.Errorf("%s as %q: %d %v %v", x.body, x.form, res.StatusCode, o["code"], err)
		}
	}
	p.want(401, "nobody", "GET", "/api/v1/desk", "", nil)
	if us := p.want(200, "supervision", "GET", "/api/v1/units?find=石桥", "", nil)["items"].([]any); len(us) != 1 || us[0].(object)["superior"] != "云渡县" {
		t.Errorf("found %v", us)
	}
}

func desk(t *testing.T, p program, who string) []object {
	t.Helper()
	var out []object
	for _, x := range p.want(200, who, "GET", "/api/v1/desk", "", nil)[""].([]any) {
		out = append(out, x.(object))
	}
	return out
}

func find(t *testing.T, list []any, name, value string) object {
	t.Helper()
	for _, x := range list {
		if x.(object)[name] == value {
			return x.(object)
		}
	}
	t.Fatalf("no %s %s in %v", name, value, list)
	return nil
}

func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}
