package app_test

import (
	"slices"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/reprisal"
)

// walk is a driver that walks for one handling unit.
type walk struct {
	*driver
	unit string
}

// letter is a tip-off that lies before the intake office.
func (w *walk) letter(named bool) id.ID {
	w.t.Helper()
	in := entry(w.World)
	in.Subject.Unit, in.Named, in.Received = w.Units[w.unit].ID.Key, named, w.App.DB.Today()
	e, err := w.App.Intake.Enter(apptest.Ctx, w.actors["intake"], in)
	w.must(err)
	w.look(w.Matter(e.ID).Root, "")
	return e.ID
}

// to names the unit that the walk is for.
func (w *walk) to() vals { return vals{"target": {w.Units[w.unit].ID.Key}} }

// received signs for a clue where it still has to be.
func (w *walk) received(m id.ID) id.ID {
	w.t.Helper()
	if w.Matter(m).State == clue.Arrived {
		w.make(m, "receive", nil)
	}
	return m
}

// found is a clue of case supervision's own that the unit has to say something on.
func (w *walk) found(s org.SubjectInput) id.ID {
	w.t.Helper()
	s.PartyMember = true
	return w.enters(s)
}

// enters is the same about whoever it is about.
func (w *walk) enters(s org.SubjectInput) id.ID {
	w.t.Helper()
	m := w.pooled(s)
	w.make(m, "hand_out", w.to())
	return w.received(m)
}

// pooled is a clue of case supervision's own that nobody has yet.
func (w *walk) pooled(s org.SubjectInput) id.ID {
	w.t.Helper()
	s.Name, s.Post = "吴某", "负责人"
	if s.Unit == "" {
		s.Unit = w.Units[w.unit].ID.Key
	}
	if s.Rank == "" {
		s.Rank, s.Category = "staff", "c2"
	}
	e, err := w.App.Clues.Enter(apptest.Ctx, w.actors["supervision"], clue.Entry{Subject: s, Source: "found", Received: w.App.DB.Today(),
		Title: "反映虚报管护费", Summary: "反映虚报高标准农田管护费。", Discipline: "integrity"})
	w.must(err)
	w.look(w.Matter(e.ID).Root, "")
	return e.ID
}

// inquired brings a clue with the unit to where the outcome of an inquiry is to be reported.
func (w *walk) inquired(m id.ID) {
	w.t.Helper()
	w.make(m, "propose", vals{"disposal": {"inquiry"}, "inquiry_form": {"talk"}})
	w.make(m, "hold_talk", nil)
}

// verified brings a clue with the unit through a verification to where its result is to be proposed.
func (w *walk) verified(m id.ID, finding string) {
	w.t.Helper()
	if w.Matter(m).State == clue.Opinion {
		w.make(m, "propose", vals{"disposal": {"verification"}})
	}
	w.make(m, "submit_plan", nil)
	w.reported(m, vals{"finding": {finding}})
}

// reported lets a team write its report, and everybody on it sign.
func (w *walk) reported(m id.ID, in vals) {
	w.t.Helper()
	w.make(m, "write_report", in)
	for state := w.Matter(m).State; w.Matter(m).State == state; {
		w.make(m, "sign", nil)
	}
}

// filed turns a clue with the unit into a case that waits to be filed.
func (w *walk) filed(m id.ID, track string) id.ID {
	w.t.Helper()
	w.verified(m, "true")
	w.make(m, "propose_result", vals{"outcome": {"file"}, "track": {track}})
	return child(w.t, w.World, m, "case")
}

// investigated brings a case that was filed before the review office.
func (w *walk) investigated(k id.ID) {
	w.t.Helper()
	w.make(k, "show_facts", nil)
	w.reported(k, nil)
	w.make(k, "submit_review", nil)
	w.make(k, "accept_review", nil)
}

// deciding is a case whose review is done.
func (w *walk) deciding(track string) id.ID {
	w.t.Helper()
	return w.decides(w.found(org.SubjectInput{}), track)
}

// decides brings a clue with the unit through a case to its decision.
func (w *walk) decides(m id.ID, track string) id.ID {
	w.t.Helper()
	k := w.filed(m, track)
	w.make(k, "submit_filing", vals{"track": {track}})
	w.make(k, "announce_filing", nil)
	w.investigated(k)
	w.make(k, "review_report", nil)
	return k
}

// tipoffs walks reports: what is declined, passed on, taken up, joined, and told.
func (w *walk) tipoffs() {
	t := w.letter(true)
	w.make(t, "decline", nil)
	w.make(t, "notify", vals{"reached": {"no"}})
	w.make(t, "reconsider", nil)
	w.make(t, "note_assigned", nil)
	w.make(t, "pass_on", nil)
	w.make(t, "reconsider", nil)
	w.make(t, "accept", nil)
	c := child(w.t, w.World, t, "clue")
	w.make(c, "to_intake", nil)
	w.make(t, "accept", nil)
	c = child(w.t, w.World, t, "clue")
	w.make(c, "ask_below", nil)
	w.make(t, "prepare_below", nil)
	w.make(c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}})
	w.make(c, "reassign", w.to())
	w.make(c, "give_back", nil)
	w.make(c, "hand_out", w.to())
	w.received(c)
	w.make(c, "give_back", nil)
	w.make(c, "hand_out", w.to())
	w.received(c)
	w.make(c, "propose", vals{"disposal": {"shelve"}})
	w.make(c, "keep_shelved", nil)
	w.make(c, "reconsider", nil)
	w.make(c, "propose", vals{"disposal": {"shelve"}})
	w.make(c, "revive", nil)
	w.make(c, "propose", vals{"disposal": {"close"}})
	w.make(c, "settle", nil)
	w.make(c, "reopen", nil) // and its reporter waits anew
	w.make(c, "propose", vals{"disposal": {"inquiry"}, "inquiry_form": {"letter"}})
	w.make(c, "send_letter", nil)
	w.make(c, "deliver_letter", nil)
	w.make(c, "record_answer", nil)
	w.make(c, "propose_outcome", vals{"outcome": {"again"}, "inquiry_form": {"talk"}})
	w.make(c, "hold_talk", nil)
	w.make(c, "propose_outcome", vals{"outcome": {"accept"}, "clear_answer": {"wanted"}})
	w.make(c, "settle", nil)
	w.make(t, "tell_result", vals{"objects": {"yes"}})
	w.make(t, "answer_above", nil)

	main := w.letter(false)
	w.make(main, "forward", w.to())
	again := w.letter(true)
	w.make(again, "merge", vals{"main": {main.Key}})
	c = w.received(child(w.t, w.World, main, "clue"))
	w.make(c, "propose", vals{"disposal": {"close"}})
	w.make(c, "settle", nil)
	w.make(again, "tell_result", nil)

	t = w.letter(true)
	w.make(t, "assign", w.to())
	c = w.received(child(w.t, w.World, t, "clue"))
	w.verified(c, "untrue")
	w.make(c, "propose_result", vals{"outcome": {"close"}, "clear_answer": {"wanted"}})
	w.make(c, "settle", nil)
	w.make(c, "report_back", nil)

	in := entry(w.World)
	in.Subject.Rank, in.Subject.Category = "deputy_county", "c1"
	e, err := w.App.Intake.Enter(apptest.Ctx, w.actors["intake"], in)
	w.must(err)
	w.look(e.ID.Key, "")
	w.make(e.ID, "send", nil)
}

// clues walks what tip-offs did not come to: every way an inquiry and a verification end.
func (w *walk) clues() {
	p := w.pooled(org.SubjectInput{PartyMember: true})
	w.make(p, "note_assigned", nil)
	w.make(p, "pass_on", nil)
	w.make(p, "answer_above", nil)
	w.make(p, "reconsider", nil)
	for _, outcome := range []string{"first_form", "false_report"} {
		c := w.found(org.SubjectInput{})
		w.inquired(c)
		w.make(c, "propose_outcome", vals{"outcome": {outcome}, "clear_answer": {"declined"}, "clear_reason": {"本人不同意。"}})
		w.make(c, "settle", nil)
	}
	c := w.found(org.SubjectInput{Rank: "section", Category: "c1", Chief: true}) // recorded, what the Party secretary said
	w.make(c, "propose", vals{"disposal": {"inquiry"}, "inquiry_form": {"talk"}, "party_secretary": {"yes"}})
	w.make(c, "hold_talk", nil)
	w.make(c, "propose_outcome", vals{"outcome": {"verify"}})
	w.make(c, "submit_plan", nil)
	w.make(c, "change_team", nil)
	w.make(c, "write_report", nil)
	w.make(c, "change_team", nil)
	w.make(c, "write_report", nil)
	w.make(c, "amend_report", nil)
	w.reported(c, nil)
	w.make(c, "amend_report", nil)
	w.reported(c, nil)
	w.make(c, "propose_result", vals{"outcome": {"remind"}})
	w.make(c, "settle", nil)
	c = w.found(org.SubjectInput{})
	w.verified(c, "partly")
	w.make(c, "propose_result", vals{"outcome": {"hand_party"}})
	w.make(c, "reopen", nil)
	w.verified(c, "partly")
	w.make(c, "propose_result", vals{"outcome": {"shelve"}})
}

// cases walks a case through everything that can be done twice, then every way one ends.
func (w *walk) cases() {
	k := w.filed(w.found(org.SubjectInput{}), "party")
	w.make(k, "submit_filing", nil)
	w.make(k, "announce_filing", nil)
	w.make(k, "change_team", nil)
	w.make(k, "show_facts", nil)
	w.make(k, "change_team", nil)
	w.make(k, "back_to_investigate", nil)
	w.make(k, "show_facts", nil)
	w.make(k, "write_report", nil)
	w.make(k, "back_to_investigate", nil)
	w.make(k, "show_facts", nil)
	w.reported(k, nil)
	w.make(k, "back_to_investigate", nil)
	w.investigated(k)
	w.make(k, "return_case", nil)
	w.investigated(k)
	w.make(k, "change_panel", nil)
	w.make(k, "review_report", nil)
	w.make(k, "decide", vals{"decision": {"sanction"}, "party_sanction": {"party_removal"}, "party_body": {"township_party_committee"}})
	w.make(k, "deliver", nil)
	w.make(k, "execute_post", nil)
	w.make(k, "announce", nil)
	w.make(k, "report_execution", nil)
	w.make(k, "propose_close", nil)

	k = w.filed(w.found(org.SubjectInput{}), "party")
	w.make(k, "reassign", nil)
	w.make(k, "drop_filing", vals{"clear_answer": {"wanted"}})
	w.make(k, "propose_close", nil)

	k = w.deciding("admin")
	w.make(k, "decide", vals{"decision": {"sanction"}, "admin_sanction": {"admin_warning"}, "admin_body": {"county_supervision"}})
	w.make(k, "deliver", nil)
	w.make(k, "announce", nil)
	w.make(k, "report_execution", nil)
	w.make(k, "propose_close", nil)
}

// endings walks the decisions that punish nobody.
func (w *walk) endings() {
	for _, decision := range []string{"exempt", "transfer", "none", "dismiss"} {
		k := w.deciding("party")
		w.make(k, "decide", vals{"decision": {decision}, "clear_answer": {"wanted"}})
		if w.Matter(k).State == "decided" {
			w.make(k, "deliver", nil)
		}
		w.make(k, "propose_close", nil)
	}
}

// letters walks what comes sealed from the public side: entered here, laid aside and entered above, handed up.
func (w *walk) letters() {
	w.Spool(w.t.TempDir())
	w.Unlock("county", "city")
	sealed := func() id.ID {
		l := w.Lodge(written(w.World), w.Units["county"], w.App.DB.Today(), nil)
		w.TakeIn(&l)
		w.look(l.Letter.Key, "")
		return l.Letter
	}
	read := func(who string, l id.ID) {
		_, err := w.App.Intake.OpenLetter(apptest.Ctx, w.actors[who], l, "启封登记")
		w.must(err)
	}
	enter := func(who string, in intake.Entry) id.ID {
		e, err := w.App.Intake.Enter(apptest.Ctx, w.actors[who], in)
		w.must(err)
		w.look(w.Matter(in.Letter).Root, "")
		return e.ID
	}
	w.make(enter("intake", entryFrom(w.World, sealed())), "say", nil)
	l := sealed()
	read("intake", l)
	w.make(l, "lay_aside", nil)
	w.make(l, "reconsider", nil)
	w.make(l, "lay_aside", vals{"ground": {"unreadable"}})
	enter("cityintake", entryFrom(w.World, l))
	up := entryFrom(w.World, sealed())
	up.Subject = org.SubjectInput{Unit: w.Units["county"].ID.Key, Name: "黎某", Post: "副县长", Rank: "deputy_county", Category: "c1", PartyMember: true}
	enter("intake", up)
	w.made["letter.pass_up"] = w.Matter(up.Letter).Organ == w.Units["city"].ID
	w.alerts()
	w.seats()
	w.filings()
}

// alerts walks what is noticed of those who asked the city to watch over them.
func (w *walk) alerts() {
	asked := func(name string) id.ID {
		in := entry(w.World)
		in.Named, in.Reporter = true, intake.Reporter{Name: name, Contact: "13900000000"}
		in.Watch, in.Works = true, intake.Works{Unit: "石桥镇", Post: "干部"}
		_, err := w.App.Intake.Enter(apptest.Ctx, w.actors["intake"], in)
		w.must(err)
		w.Work()
		w.Hire("watched", name, "station_chief", "village")
		w.leaves("watched")
		_, err = w.App.Reprisal.Compare(apptest.Ctx, w.Units["city"])
		w.must(err)
		keys, err := db.Column[id.Key](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = 'alert' AND m.open = TRUE`)
		w.must(err)
		if len(keys) == 0 {
			w.t.Fatal("nothing was noticed")
		}
		m := id.ID{City: apptest.City, Key: keys[0]}
		w.look(m.Key, "")
		_, err = w.App.Reprisal.Open(apptest.Ctx, w.actors["cityintake"], m, "核看提醒")
		w.must(err)
		return m
	}
	w.Hire("provinceintake", "邰访", "intake_clerk", "province")
	w.people, w.actors["provinceintake"] = append(w.people, "provinceintake"), w.As("provinceintake")
	m := asked("郝站")
	w.make(m, "set_aside", nil)
	w.make(m, "reconsider", nil)
	in := entry(w.World)
	in.Title = "反映打击报复"
	_, err := w.App.Intake.Enter(apptest.Ctx, w.actors["cityintake"], in)
	w.must(err)
	w.make(m, "take_up", nil)
	m = asked("庄站")
	_, err = w.App.Reprisal.EndFor(apptest.Ctx, w.actors["cityintake"], "庄站", "石桥镇")
	w.must(err)
	w.look(m.Key, "")
	w.made["alert.drop"] = w.Matter(m).State == reprisal.Dropped
}

// late walks a letter that nobody answers.
func (w *walk) late() {
	c := w.found(org.SubjectInput{})
	w.make(c, "propose", vals{"disposal": {"inquiry"}, "inquiry_form": {"letter"}})
	w.make(c, "send_letter", nil)
	w.make(c, "deliver_letter", nil)
	w.On(w.Matter(c).Due.AddDays(1))
	w.make(c, "no_answer", nil)
	w.make(c, "propose_outcome", vals{"outcome": {"accept"}, "clear_answer": {"wanted"}})
	w.make(c, "settle", nil)
}

// TestFlowsEveryMove is D23: every move of every table can be made, by a complete township, by one without a
// secretary and by one of one person, with the county for what a township lawfully can't do; no state is a dead end.
func TestFlowsEveryMove(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"full", "headless", "single"} {
		t.Run(unit, func(t *testing.T) {
			t.Parallel()
			each := dbtest.Each
			if unit != "full" { // what differs is who may do what, which no engine knows of: PostgreSQL sees every move once
				each = func(t *testing.T, f func(*testing.T, *db.DB)) { f(t, dbtest.SQLite(t)) }
			}
			each(t, func(t *testing.T, d *db.DB) {
				w := &walk{drive(t, d), unit}
				w.forge = unit == "full"
				w.tipoffs()
				w.letters()
				w.clues()
				w.cases()
				w.endings()
				w.callups()
				w.late()
				w.unlisted()
				w.gaps()
				slowly(t, w.World)
				remake(t, w.World)
				slowly(t, w.World)
				w.duties() // months go by
				w.unreached()
				w.Verify()
				if bad, err := measureCheck(w.World); err != nil || len(bad) > 0 {
					t.Errorf("rollups: %v %v", bad, err)
				}
			})
		})
	}
}

// unreached names every move that no walk made, and every way a choice leads that no walk took.
func (w *walk) unreached() {
	w.t.Helper()
	for _, kind := range w.App.Engine.Kinds() {
		t, _ := w.App.Engine.Table(kind)
		for _, mv := range t.Moves {
			var names []string
			if !mv.Retired {
				names = append(names, kind+"."+mv.Name)
			}
			if mv.Fork != nil {
				for choice := range mv.Fork.To {
					names = append(names, kind+"."+mv.Name+":"+choice)
				}
			}
			slices.Sort(names)
			for _, n := range names {
				if !w.made[n] {
					w.t.Errorf("no walk makes %s", n)
				}
			}
		}
	}
}
