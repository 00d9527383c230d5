package api_test

import (
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/flow"
	"qianshao/internal/flow/record"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// entered is a clue in the county's pool.
func (p program) entered() id.ID {
	p.t.Helper()
	e, err := p.w.App.Clues.Enter(apptest.Ctx, p.w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: p.w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", PartyMember: true},
		Source: "found", Received: "2026-10-12", Title: "虚报管护费", Summary: "日常监督发现。", Discipline: "integrity"})
	if err != nil {
		p.t.Fatal(err)
	}
	return e.ID
}

// handed is a clue that the first office works on.
func (p program) handed() id.ID {
	p.t.Helper()
	m := p.entered()
	p.w.Do("supervision", m, "hand_out", flow.Values{"target": {p.w.Units["county.office1"].ID.Key}, "back": {"no"}})
	return m
}

// verified is a clue under verification, whose deadline may be lengthened and paused.
func (p program) verified() id.ID {
	p.t.Helper()
	m := p.handed()
	p.w.Do("handler", m, "propose", flow.Values{"disposal": {"verification"}, "reason": {"可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"三人"}})
	p.w.Approve("head", m)
	p.w.Approve("deputy", m)
	team := []string{p.w.Who["handler"].Person, p.w.Who["handler2"].Person}
	p.w.Do("handler", m, "submit_plan", flow.Values{"team": team, "lead": team[:1], "questions": {"管护费去向"}, "steps": {"调账、谈话"}, "measures": {"talk"}, "safety": {"预案"}})
	p.w.Approve("principal", m)
	return m
}

// shelved is a clue that the organ above is to read about.
func (p program) shelved() id.ID {
	p.t.Helper()
	m := p.handed()
	p.w.Do("handler", m, "propose", flow.Values{"disposal": {"shelve"}, "reason": {"暂不具备条件。"}, "studied_on": {"2026-10-12"}, "studied_by": {"三人"}})
	for p.w.Matter(m).State == "opinion_review" {
		ps, err := flow.Proposals(apptest.Ctx, p.w.App.DB.In(m.City), m.Key)
		if err != nil {
			p.t.Fatal(err)
		}
		p.w.Approve(map[access.Role]string{access.Head: "head", access.Deputy: "deputy", access.Principal: "principal"}[ps[0].Steps[ps[0].Step].Seat], m)
	}
	return m
}

// late lets everything fall due that has.
func (p program) late() {
	p.t.Helper()
	for range 3 {
		if _, err := p.w.App.Clocks.Pass(apptest.Ctx, p.w.App.Ledger, apptest.City, p.w.App.DB.Today(), p.w.App.Engine.Effects()); err != nil {
			p.t.Fatal(err)
		}
	}
}

// clock is the address of a matter's clock under a rule, as somebody is told it.
func (p program) clock(who string, m id.ID, rule string) string {
	p.t.Helper()
	x := find(p.t, p.want(200, who, "GET", clues+"/"+m.String()+"/clocks", "", nil)["items"].([]any), "rule", rule)
	return x["moves"].(string)
}

// did are the acts about a matter, newest first, by name.
func (p program) did(m id.ID) []record.Event {
	p.t.Helper()
	t, _ := p.w.App.Engine.Table(p.w.Matter(m).Kind)
	es, _, err := record.Page(apptest.Ctx, p.w.App.DB.In(m.City), t, p.w.Matter(m), "")
	if err != nil {
		p.t.Fatal(err)
	}
	var out []record.Event
	for _, e := range es {
		if e.Action != "" {
			out = append(out, e)
		}
	}
	return out
}

// TestClocks carries a deadline through a longer period, a pause, its end and an urging, with the interface alone, and
// tries on the way what must not go through.
func TestClocks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := serve(t, d)
		m := p.verified()
		one := clues + "/" + m.String()
		at := p.clock("handler", m, "verify.work")
		say := func(move string, fields object) object {
			return object{"move": move, "version": p.w.Matter(m).Version, "fields": fields}
		}

		// Who may know of it, and whose it is.
		p.want(403, "intake", "GET", at, "", nil)
		other := p.clock("supervision", p.handed(), "clue.opinion")
		for _, x := range [][2]string{{"othersupervision", at}, {"supervision", strings.Replace(at, "/clues/", "/cases/", 1)}, {"supervision", one + other[strings.Index(other, "/clocks/"):]}} {
			p.want(404, x[0], "GET", x[1], "", nil)
			p.want(404, x[0], "POST", x[1], "", say("urge", nil))
			p.want(404, x[0], "POST", x[1], "", say("extend", object{"length": "x"}))
		}
		p.want(404, "othersupervision", "GET", one+"/clocks", "", nil)
		p.want(404, "othersupervision", "POST", at, "", say("fly", nil))
		offer := func(who, move string) object {
			t.Helper()
			return find(t, p.want(200, who, "GET", at, "", nil)["moves"].([]any), "move", move)
		}
		for who, codes := range map[string]map[string]any{
			"handler":     {"extend": nil, "pause": nil, "resume": "clock.not_paused", "urge": "move.not_yours", "seen": "move.not_now"},
			"supervision": {"extend": "move.not_yours", "pause": "move.not_yours", "resume": "move.not_yours", "urge": nil, "seen": "move.not_now"},
			"cityoffice":  {"extend": "move.not_yours", "urge": nil},
		} {
			for move, code := range codes {
				if o := offer(who, move); o["code"] != code || o["open"] != (code == nil) || code != nil && o["why"] == "" {
					t.Errorf("%s to %s: %v", move, who, o)
				}
			}
		}
		extend, pause := offer("handler", "extend"), offer("handler", "pause")
		if s := extend["approval"].(object)["signers"].([]any); len(s) != 1 || s[0].(object)["role"] != "deputy" || len(extend["fields"].([]any)) != 1 || len(extend["basis"].([]any)) == 0 {
			t.Errorf("to extend: %v", extend)
		}
		if g := find(t, pause["fields"].([]any), "name", "ground")["choices"].([]any); len(g) != 4 {
			t.Errorf("grounds of a pause: %v", g)
		}
		if o := p.want(403, "supervision", "POST", at, "", say("extend", object{"reason": "材料多。"})); o["code"] != "move.not_yours" {
			t.Errorf("another's: %v", o)
		}
		for want, in := range map[string]object{
			"move move.unknown": say("fly", nil), "fields.reason required": say("extend", nil), "fields.length field.unknown": say("extend", object{"length": 9, "reason": "材料多。"}),
			"fields.ground choice.unknown": say("pause", object{"ground": "other", "reason": "病。"}), "fields.reason field.form": say("extend", object{"reason": []string{"a"}}),
			"fields.reason text.long": say("resume", object{"reason": strings.Repeat("长", 501)}), "fields.reason text.control": say("resume", object{"reason": "a\u0007b"}),
		} {
			if o := p.want(422, "handler", "POST", at, "", in); bad(o) != want {
				t.Errorf("%v: beside %s", in, bad(o))
			}
		}
		old := say("extend", object{"reason": "材料多。"})
		old["version"] = p.w.Matter(m).Version - 1
		if o := p.want(409, "handler", "POST", at, "", old); o["code"] != "stale" {
			t.Errorf("a version of before: %v", o)
		}

		// A longer period is asked for, withdrawn, asked for again and granted, once.
		ask := say("extend", object{"reason": "材料多。"})
		asked := p.want(200, "handler", "POST", at, "e1", ask)
		if again := p.want(200, "handler", "POST", at, "e1", ask); !same(asked, again) {
			t.Errorf("asked again: %v, first %v", again, asked)
		}
		if o := p.want(409, "handler", "POST", at, "e1", say("pause", nil)); o["code"] != "request.key_reused" {
			t.Errorf("a key used for another body: %v", o)
		}
		if w := p.want(200, "handler", "GET", at, "", nil)["waiting"].(object); w["id"] != asked["approval"] || w["own"] != true {
			t.Errorf("waiting: %v", w)
		}
		if o := offer("handler", "extend"); o["code"] != "clock.asked_already" {
			t.Errorf("asked already: %v", o)
		}
		if o := p.want(409, "handler", "POST", at, "", say("extend", object{"reason": "再请。"})); o["code"] != "clock.asked_already" {
			t.Errorf("asked already: %v", o)
		}
		paper := "/api/v1/approvals/" + asked["approval"].(string)
		back := object{"decision": "withdraw", "version": p.w.Matter(m).Version}
		p.want(404, "othersupervision", "POST", paper, "", back)
		if o := p.want(403, "head", "POST", paper, "", back); o["code"] != "proposal.not_yours" {
			t.Errorf("another's proposal withdrawn: %v", o)
		}
		if o := p.want(409, "handler", "POST", paper, "", object{"decision": "withdraw", "version": p.w.Matter(m).Version - 1}); o["code"] != "stale" {
			t.Errorf("a version of before: %v", o)
		}
		if o := p.want(422, "handler", "POST", paper, "", object{"decision": "withdraw", "note": "算了", "version": 1}); bad(o) != "note field.unknown" {
			t.Errorf("beside %s", bad(o))
		}
		gone := p.want(200, "handler", "POST", paper, "w1", back)
		if again := p.want(200, "handler", "POST", paper, "w1", back); !same(gone, again) {
			t.Errorf("withdrawn again: %v, first %v", again, gone)
		}
		if o := p.want(409, "handler", "POST", paper, "", object{"decision": "withdraw", "version": p.w.Matter(m).Version}); o["code"] != "proposal.ended" {
			t.Errorf("withdrawn twice: %v", o)
		}
		if e := p.did(m)[0]; e.Action != "clue.extend.withdraw" {
			t.Errorf("the act is %s", e.Action)
		}
		grant := func(asked object) {
			t.Helper()
			p.want(200, "deputy", "POST", "/api/v1/approvals/"+asked["approval"].(string), "", object{"decision": "approve", "version": p.w.Matter(m).Version})
		}
		grant(p.want(200, "handler", "POST", at, "", say("extend", object{"reason": "材料多。"})))
		if o := offer("handler", "extend"); o["code"] != "clock.extended_enough" || o["why"] == "" {
			t.Errorf("extended once: %v", o)
		}
		if o := p.want(409, "handler", "POST", at, "", say("extend", object{"reason": "再请。"})); o["code"] != "clock.extended_enough" {
			t.Errorf("extended once: %v", o)
		}

		// Paused, resumed, urged.
		grant(p.want(200, "handler", "POST", at, "", say("pause", object{"ground": "illness", "reason": "当事人住院。"})))
		if k := p.want(200, "handler", "GET", at, "", nil)["clock"].(object); k["state"] != "paused" {
			t.Errorf("paused: %v", k)
		}
		if o := offer("handler", "pause"); o["code"] != "clock.paused_already" {
			t.Errorf("paused: %v", o)
		}
		on := say("resume", object{"reason": "已出院。"})
		p.want(403, "supervision", "POST", at, "", on)
		resumed := p.want(200, "handler", "POST", at, "r1", on)
		if again := p.want(200, "handler", "POST", at, "r1", on); !same(resumed, again) {
			t.Errorf("resumed again: %v, first %v", again, resumed)
		}
		if o := p.want(409, "handler", "POST", at, "", say("resume", nil)); o["code"] != "clock.not_paused" {
			t.Errorf("resumed twice: %v", o)
		}
		if e := p.did(m)[0]; e.Action != "clock.resume" || e.Params["reason"] != "已出院。" {
			t.Errorf("the act is %s %v", e.Action, e.Params)
		}
		p.want(200, "supervision", "POST", at, "u1", say("urge", object{"reason": "请抓紧。"}))
		if e := p.did(m)[0]; e.Action != "clock.urge" || e.Params["note"] != "请抓紧。" {
			t.Errorf("the act is %s %v", e.Action, e.Params)
		}
		p.w.Verify()
	})
}

// TestSeenByProgram: the organ above says that it read a shelving, and what it did about what rose to it.
func TestSeenByProgram(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := serve(t, d)
		m := p.shelved()
		at := p.clock("cityoffice", m, "superior.review")
		in := object{"move": "seen", "version": p.w.Matter(m).Version}
		if o := p.want(403, "supervision", "POST", at, "", in); o["code"] != "move.not_yours" {
			t.Errorf("another's: %v", o)
		}
		p.want(404, "othersupervision", "POST", at, "", in)
		first := p.want(200, "cityoffice", "POST", at, "s1", in)
		if again := p.want(200, "cityoffice", "POST", at, "s1", in); !same(first, again) {
			t.Errorf("read again: %v, first %v", again, first)
		}
		if e := p.did(m)[0]; e.Action != "clock.seen" {
			t.Errorf("the act is %s", e.Action)
		}
		for _, x := range p.want(200, "cityoffice", "GET", at, "", nil)["moves"].([]any) {
			if x.(object)["code"] != "clock.ended" {
				t.Errorf("of a clock that ended: %v", x)
			}
		}
		if o := p.want(409, "cityoffice", "POST", at, "", object{"move": "seen", "version": p.w.Matter(m).Version}); o["code"] != "clock.ended" {
			t.Errorf("read twice: %v", o)
		}

		late := p.id(p.want(201, "intake", "POST", "/api/v1/tipoffs", "", object{"subject": object{"unit": "990101001000", "name": "吴某", "post": "主任", "rank": "staff", "party_member": true}, "channel": "letter",
			"received": "2026-10-12", "title": "无人处理的来信", "summary": "来信反映虚报。", "discipline": "integrity"}))
		p.w.On("2026-10-20")
		p.late()
		ks := p.want(200, "cityintake", "GET", "/api/v1/tipoffs/"+late.String()+"/clocks", "", nil)["items"].([]any)
		up := find(t, ks, "rule", flow.RuleRisen)["moves"].(string)
		o := find(t, p.want(200, "cityintake", "GET", up, "", nil)["moves"].([]any), "move", "seen")
		if o["open"] != true || o["fields"].([]any)[0].(object)["must"] != true {
			t.Errorf("what rose: %v", o)
		}
		if o := p.want(422, "cityintake", "POST", up, "", object{"move": "seen", "version": p.w.Matter(late).Version}); bad(o) != "fields.reason required" {
			t.Errorf("beside %s", bad(o))
		}
		p.want(200, "cityintake", "POST", up, "", object{"move": "seen", "version": p.w.Matter(late).Version, "fields": object{"reason": "已督促。"}})
		p.w.Verify()
	})
}

// TestClockOffersHold: what GET says is open goes through, and what it says is shut is refused with the very reason.
func TestClockOffersHold(t *testing.T) {
	p := serve(t, dbtest.SQLite(t))
	n := 0
	for _, m := range []id.ID{p.handed(), p.verified(), p.shelved()} {
		one := clues + "/" + m.String()
		for _, who := range []string{"supervision", "deputy", "principal", "head", "handler2", "handler", "cityoffice", "citychief", "province", "handler"} {
			status, got := p.call(who, "GET", one+"/clocks", "", nil)
			if status != 200 {
				continue
			}
			for _, k := range got.(object)["items"].([]any) {
				at := k.(object)["moves"].(string)
				for _, move := range []string{"resume", "seen", "urge", "pause", "extend"} {
					o := find(t, p.want(200, who, "GET", at, "", nil)["moves"].([]any), "move", move)
					fields := object{"reason": "写明原因。"}
					if move == "pause" {
						fields["ground"] = "illness"
					}
					status, a := p.call(who, "POST", at, "", object{"move": move, "version": p.w.Matter(m).Version, "fields": fields})
					if n++; o["open"] != (status == 200) || status != 200 && a.(object)["code"] != o["code"] {
						t.Errorf("%s by %s on %v: offered %v, came to %d %v", move, who, k.(object)["rule"], o, status, a)
					}
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d tried", n)
	}
}
