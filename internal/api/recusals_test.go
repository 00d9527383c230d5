package api_test

import (
	"testing"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestRecusals: somebody steps aside from a matter with the interface alone, whichever way it came up.
func TestRecusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := serve(t, d)
		m := p.handed()
		at := clues + "/" + m.String() + "/recusals"
		offer := func(who, move string) object {
			t.Helper()
			return find(t, p.want(200, who, "GET", at, "", nil)["moves"].([]any), "move", move)
		}
		declare := object{"move": "declare", "ground": "kin", "relation": "系被反映人表弟。"}
		p.want(404, "othersupervision", "GET", at, "", nil)
		p.want(404, "othersupervision", "POST", at, "", declare)
		p.want(404, "othersupervision", "POST", at, "", object{"move": "fly", "ground": ""})
		p.want(404, "supervision", "POST", "/api/v1/cases/"+m.String()+"/recusals", "", declare)
		if o := offer("handler", "order"); o["code"] != "recusal.not_yours" || o["why"] == "" {
			t.Errorf("ordering by a handler: %v", o)
		}
		if o := offer("handler", "declare"); o["open"] != true || len(o["fields"].([]any)) != 2 {
			t.Errorf("declaring: %v", o)
		}
		for want, in := range map[string]object{
			"move move.unknown": {"move": "fly", "ground": "kin"}, "ground required": {"move": "declare", "ground": ""}, "person field.unknown": {"move": "declare", "ground": "kin", "person": "x"},
			"person required": {"move": "ask", "ground": "kin", "asker": "subject"}, "person choice.unknown": {"move": "ask", "ground": "kin", "asker": "subject", "person": "x"},
			"asker required": {"move": "ask", "ground": "kin", "person": p.w.Who["head"].Person}, "note field.unknown": {"move": "ask", "ground": "kin", "person": p.w.Who["head"].Person, "asker": "other", "note": "x"},
		} {
			if o := p.want(422, "handler", "POST", at, "", in); bad(o) != want {
				t.Errorf("%v: beside %s", in, bad(o))
			}
		}

		// Declared, granted; the same request has the same answer although the matter is out of sight by then.
		first := p.want(200, "handler", "POST", at, "d1", declare)
		if o := offer("handler", "declare"); o["code"] != "recusal.asked" {
			t.Errorf("declared already: %v", o)
		}
		if o := p.want(409, "handler", "POST", at, "", declare); o["code"] != "recusal.asked" {
			t.Errorf("declared twice: %v", o)
		}
		if e := p.did(m)[0]; e.Action != "recusal.self" || e.Params["recusal_ground"] != "kin" || e.Params["relation"] != nil {
			t.Errorf("the act is %s %v", e.Action, e.Params)
		}
		listed := func(who, raised string) object {
			t.Helper()
			return find(t, p.want(200, who, "GET", at, "", nil)["items"].([]any), "raised", raised)
		}
		if x := listed("principal", "self"); x["yours"] != true || x["relation"] != "系被反映人表弟。" || x["person"] != "戚办" {
			t.Errorf("to the chief: %v", x)
		}
		if x := listed("handler2", "self"); x["yours"] != false || x["relation"] != nil {
			t.Errorf("to a colleague: %v", x)
		}
		duty := find(t, p.want(200, "principal", "GET", "/api/v1/desk", "", nil)[""].([]any), "rule", "recusal.decide")
		one := at + "/" + duty["recusal"].(string)
		grant := object{"decision": "grant"}
		p.want(404, "othersupervision", "POST", one, "", grant)
		p.want(404, "principal", "POST", clues+"/"+p.handed().String()+"/recusals/"+duty["recusal"].(string), "", grant)
		if o := p.want(403, "deputy", "POST", one, "", grant); o["code"] != "recusal.not_yours" {
			t.Errorf("another's decision: %v", o)
		}
		if o := p.want(422, "principal", "POST", one, "", object{"decision": "refuse"}); bad(o) != "note required" {
			t.Errorf("beside %s", bad(o))
		}
		if o := p.want(422, "principal", "POST", one, "", object{"decision": "perhaps"}); bad(o) != "decision choice.unknown" {
			t.Errorf("beside %s", bad(o))
		}
		granted := p.want(200, "principal", "POST", one, "g1", grant)
		if again := p.want(200, "principal", "POST", one, "g1", grant); !same(granted, again) || granted["state"] != "granted" {
			t.Errorf("granted again: %v, first %v", again, granted)
		}
		if o := p.want(409, "principal", "POST", one, "", grant); o["code"] != "recusal.decided" {
			t.Errorf("decided twice: %v", o)
		}
		if e := p.did(m)[0]; e.Action != "recusal.grant" {
			t.Errorf("the act is %s", e.Action)
		}
		p.want(404, "handler", "GET", at, "", nil)
		if again := p.want(200, "handler", "POST", at, "d1", declare); !same(first, again) {
			t.Errorf("declared again: %v, first %v", again, first)
		}

		// Asked of somebody else and refused; ordered by the chief.
		asked := find(t, offer("supervision", "ask")["fields"].([]any), "name", "person")
		head := find(t, asked["choices"].([]any), "name", "姜主任")["code"]
		p.want(200, "supervision", "POST", at, "", object{"move": "ask", "person": head, "ground": "interest", "asker": "subject"})
		id := listed("principal", "asked")["id"].(string)
		if o := p.want(200, "principal", "POST", at+"/"+id, "", object{"decision": "refuse", "note": "没有利害关系。"}); o["state"] != "refused" {
			t.Errorf("refused: %v", o)
		}
		order := object{"move": "order", "person": head, "ground": "interest"}
		if o := p.want(403, "supervision", "POST", at, "", order); o["code"] != "recusal.not_yours" {
			t.Errorf("ordered by another: %v", o)
		}
		if o := p.want(200, "principal", "POST", at, "", order); o["state"] != "granted" {
			t.Errorf("ordered: %v", o)
		}
		p.want(404, "head", "GET", at, "", nil)
		if x := listed("principal", "ordered"); x["state"] != "granted" || x["decider"] != "严主任" {
			t.Errorf("ordered: %v", x)
		}
		p.w.Verify()
	})
}

// TestDelegations: a leader hands the signature on and takes it back.
func TestDelegations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := serve(t, d)
		const at = "/api/v1/delegations"
		list := p.want(200, "head", "GET", at, "", nil)
		give := find(t, list["moves"].([]any), "move", "delegate")
		to := find(t, find(t, give["fields"].([]any), "name", "to")["choices"].([]any), "name", "邹主任")["code"]
		if give["open"] != true || len(list["items"].([]any)) != 0 {
			t.Errorf("to a head: %v", list)
		}
		in := object{"to": to, "begins": "2026-10-13", "ends": "2026-10-20", "reason": "外出学习"}
		if o := find(t, p.want(200, "deputy", "GET", at, "", nil)["moves"].([]any), "move", "delegate"); o["open"] != true {
			t.Errorf("to a deputy secretary: %v", o)
		}
		p.want(403, "handler", "POST", at, "", in)
		for want, in := range map[string]object{
			"to delegate.may_not": {"to": p.w.Who["handler"].Person, "begins": "2026-10-13", "ends": "2026-10-20"}, "begins required, ends day.past, to required": {"to": "", "begins": "", "ends": "2026-10-01"},
			"ends delegate.backwards": {"to": to, "begins": "2026-10-20", "ends": "2026-10-13"},
		} {
			if o := p.want(422, "head", "POST", at, "", in); bad(o) != want {
				t.Errorf("%v: beside %s", in, bad(o))
			}
		}
		made := p.want(200, "head", "POST", at, "m1", in)
		if again := p.want(200, "head", "POST", at, "m1", in); !same(made, again) {
			t.Errorf("made again: %v, first %v", again, made)
		}
		if o := p.want(422, "head", "POST", at, "", in); bad(o) != "begins delegate.overlap" {
			t.Errorf("beside %s", bad(o))
		}
		for who, yours := range map[string]bool{"head": true, "principal": true, "head2": false} {
			x := p.want(200, who, "GET", at, "", nil)["items"].([]any)[0].(object)
			if x["id"] != made["id"] || x["state"] != "ahead" || x["from"] != "姜主任" || x["to"] != "邹主任" || x["yours"] != yours {
				t.Errorf("to %s: %v", who, x)
			}
		}
		end := at + "/" + made["id"].(string) + "/end"
		p.want(404, "deputy", "POST", end, "", object{})
		if o := p.want(403, "head2", "POST", end, "", object{}); o["code"] != "delegate.not_yours" {
			t.Errorf("ended by the one it was given to: %v", o)
		}
		ended := p.want(200, "head", "POST", end, "x1", object{})
		if again := p.want(200, "head", "POST", end, "x1", object{}); !same(ended, again) || ended["state"] != "revoked" {
			t.Errorf("ended again: %v, first %v", again, ended)
		}
		if o := p.want(409, "head", "POST", end, "", object{}); o["code"] != "delegate.ended" {
			t.Errorf("ended twice: %v", o)
		}
		if x := p.want(200, "head", "GET", at, "", nil)["items"].([]any)[0].(object); x["state"] != "revoked" || x["yours"] != false {
			t.Errorf("listed as %v", x)
		}
		n := 0
		if err := d.In(p.w.Who["head"].City).Row(t.Context(), `SELECT COUNT(1) FROM acts a WHERE a.city_id = $1 AND a.actor_id = $2 AND a.action IN ('delegation.make', 'delegation.end')`, p.w.Who["head"].Person).Scan(&n); err != nil || n != 2 {
			t.Errorf("%d acts, %v", n, err)
		}
		p.w.Verify()
	})
}
