package demo

import (
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/clue"
	"qianshao/internal/flow"
	"qianshao/internal/id"
)

// handedOut sees a clue from the pool into somebody's hands and on to its disposal.
func (b *builder) handedOut(st *story) {
	b.after(1, 3, func() error {
		m, err := b.matter(st.clue)
		if err != nil {
			return err
		}
		switch m.State {
		case clue.Arrived:
			return b.run(b.find(access.Handler, m.Handler.Key), st.clue, "receive", nil, func() error { return b.dispose(st) })
		case clue.Pool:
			target := pick(b.r, st.c.offices[:2]).ID.Key
			if t := st.subject.town; t != nil && st.subject.rank != "section" && st.subject.rank != "deputy_section" && len(b.hands(access.Handler, t.unit.ID.Key)) > 1 && b.r.IntN(100) < 55 {
				target = t.unit.ID.Key
			}
			in := flow.Values{"target": {target}, "back": {"no"}}
			if st.source == "transfer" && b.r.IntN(6) == 0 {
				in["back"], st.back = []string{"yes"}, true
			}
			return b.checked(st, m, target, func() error { return b.handOut(st, in) })
		}
		return nil
	})
}

// checked has the text written and checked that a township gets of a report.
func (b *builder) checked(st *story, m flow.Matter, target id.Key, next func() error) error {
	if m.Parent == "" || m.Is(flow.FlagChecked) || slices.ContainsFunc(st.c.offices, func(o access.Unit) bool { return o.ID.Key == target }) {
		return next()
	}
	tipoff, in := id.ID{City: City, Key: m.Parent}, flow.Values{}
	if err := b.down(tipoff, in); err != nil {
		return err
	}
	return b.run(b.find(access.Supervision, st.c.unit.ID.Key), st.clue, "ask_below", nil, func() error {
		return b.run(b.find(access.Intake, st.c.unit.ID.Key), tipoff, "prepare_below", in, next)
	})
}

// handOut gives a clue to the unit it is meant for.
func (b *builder) handOut(st *story, in flow.Values) error {
	return b.run(b.find(access.Supervision, st.c.unit.ID.Key), st.clue, "hand_out", in, func() error {
		m, err := b.matter(st.clue)
		if err != nil {
			return err
		}
		if m.State == clue.Arrived {
			b.after(1, 3, func() error {
				return b.run(b.find(access.Handler, m.Handler.Key), st.clue, "receive", nil, func() error { return b.dispose(st) })
			})
			return nil
		}
		return b.dispose(st)
	})
}

// dispose is the handler's opinion, most of the time within the month.
func (b *builder) dispose(st *story) error {
	if st.bury {
		return nil
	}
	if st.back {
		if err := b.reportBack(st); err != nil {
			return err
		}
	}
	lo, hi := 4, 13
	if b.r.IntN(100) < 9 {
		lo, hi = 19, 34
	}
	b.after(lo, hi, func() error {
		m, err := b.matter(st.clue)
		if err != nil || m.State != clue.Opinion {
			return err
		}
		x, odds := b.r.IntN(100), [3]int{45, 52, 69} // close, shelve, inquiry, verification
		if st.source != "tipoff" {
			odds = [3]int{24, 28, 41}
		}
		choice := "verification"
		switch {
		case x < odds[0]:
			choice = "close"
		case x < odds[1]:
			choice = "shelve"
		case x < odds[2]:
			choice = "inquiry"
		}
		form := pick(b.r, []string{"letter", "talk"})
		in := flow.Values{"disposal": {choice}, "reason": {pick(b.r, proposeReasons[choice])}, "studied_on": b.day(), "studied_by": {"承办人员集体研究"}, "inquiry_form": {form},
			"talk_by": {"department_head"}, "inquiry_plan": {"谈清反映事项的来龙去脉，核对账目凭证；二人参加，注意方式方法，做好安全预案。"}, "close_ground": {pick(b.r, []string{"vague", "vague", "concluded", "implausible"})}}
		return b.run(b.proposer(m.Handler.Key), st.clue, "propose", in, func() error {
			switch choice {
			case "close":
				return b.settle(st)
			case "shelve":
				b.keep(st)
				return nil
			case "inquiry":
				return b.inquire(st, form)
			}
			return b.verify(st)
		})
	})
	return nil
}

// keep looks at a shelved clue again each half year.
func (b *builder) keep(st *story) {
	b.after(112, 121, func() error {
		return b.run(b.find(access.Supervision, st.c.unit.ID.Key), st.clue, "keep_shelved", flow.Values{"reason": {"线索人仍在外务工，继续暂存。"}}, func() error {
			b.keep(st)
			return nil
		})
	})
}

// proposer is who signs an opinion off: more often than not the head of the unit, whose own signature it then carries.
func (b *builder) proposer(unit id.Key) *worker {
	if w := b.find(access.Head, unit); w != nil && b.r.IntN(10) < 7 {
		return w
	}
	return b.find(access.Handler, unit)
}

// handlerOf is somebody of the unit that works on the clue.
func (b *builder) handlerOf(m id.ID) (*worker, flow.Matter, error) {
	x, err := b.matter(m)
	if err != nil {
		return nil, x, err
	}
	return b.find(access.Handler, x.Handler.Key), x, nil
}

// step makes a move by the handling unit some days on.
func (b *builder) step(m id.ID, lo, hi int, move string, in func() flow.Values, next func() error) error {
	b.after(lo, hi, func() error {
		x, err := b.matter(m)
		if err != nil {
			return err
		}
		who := b.proposer(x.Handler.Key)
		if mv, ok := b.table(x.Kind).Move(move); ok && b.app.Engine.CountyMakes(&x, mv, b.today()) {
			who = b.find(access.Supervision, x.Organ.Key)
		}
		return b.run(who, m, move, in(), next)
	})
	return nil
}

func (b *builder) table(kind string) *flow.Table {
	t, _ := b.app.Engine.Table(kind)
	return t
}

// settle closes a clue when everybody who is owed something was told.
func (b *builder) settle(st *story) error {
	return b.step(st.clue, 2, 9, "settle", func() flow.Values {
		return flow.Values{"on": b.day(), "letter_no": b.paper("采信"), "party_org_told": {"yes"}, "clear_way": {"talk"}, "clear_place": {"村民代表会议"}, "measure_no": b.paper("提醒")}
	}, func() error { return b.over(st) })
}

// over is the end of a clue: the reporters are told.
func (b *builder) over(st *story) error {
	b.told(st)
	return nil
}

// reportBack is owed within three months of an assignment, on what came of it; most are done by then.
func (b *builder) reportBack(st *story) error {
	b.after(30, 52, func() error { return b.reports(st) })
	return nil
}

func (b *builder) reports(st *story) error {
	m, err := b.matter(st.clue)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{clue.Settling, clue.Shelved, clue.Closed, clue.ToCase, clue.Handed}, m.State) {
		b.after(3, 8, func() error { return b.reports(st) })
		return nil
	}
	return b.step(st.clue, 0, 2, "report_back", func() flow.Values {
		return flow.Values{"on": b.day(), "paper_no": b.paper("报告"), "gist": {"交办件已经办结，办理情况和处理结果详见报告。"}}
	}, func() error { return nil })
}

func (b *builder) inquire(st *story, form string) error {
	report := func() error {
		x := b.r.IntN(100)
		in := flow.Values{"outcome": {"accept"}, "reason": {"说明与凭证相符，疑点已经消除。"}, "clear_answer": {"not_needed"}, "clear_reason": {"未在一定范围造成影响。"}, "measure": {"remind"}}
		next := func() error { return b.settle(st) }
		switch {
		case x < 38:
			in["outcome"], in["reason"] = []string{"first_form"}, []string{"存在一般性违纪苗头，情节轻微，本人认识到位。"}
		case x < 60:
			in["outcome"], in["reason"] = []string{"verify"}, []string{"说明与账目不一致，需要进一步核实。"}
			next = func() error { return b.verify(st) }
		}
		return b.step(st.clue, 4, 14, "propose_outcome", func() flow.Values { return in }, next)
	}
	if form == "talk" {
		return b.step(st.clue, 1, 3, "hold_talk", func() flow.Values {
			return flow.Values{"on": b.day(), "talkers": {"承办部门主要负责人等二人"}, "place": {"谈话室"}, "record_no": b.paper("谈"), "gist": {"本人对反映事项作了说明，并提供了凭证。"}}
		}, report)
	}
	return b.step(st.clue, 1, 3, "send_letter", func() flow.Values {
		return flow.Values{"on": b.day(), "letter_no": b.paper("函"), "copied_to": {"所在党组织主要负责人"}}
	}, func() error {
		return b.step(st.clue, 0, 1, "deliver_letter", func() flow.Values { return flow.Values{"on": b.day(), "service": {"in_person"}} }, func() error {
			return b.step(st.clue, 6, 13, "record_answer", func() flow.Values {
				return flow.Values{"on": b.day(), "chief_signed": {"signed"}, "record_no": b.paper("复函"), "gist": {"书面说明了经费来源和用途，附凭证复印件。"}}
			}, report)
		})
	})
}

// team is who may verify or investigate: two or three, the one who writes among them.
func (b *builder) team(w *worker, m flow.Matter) ([]string, error) {
	opts, err := b.app.Engine.Options(b.ctx, b.app.DB.In(City), b.as(w), &m, flow.Field{Kind: flow.People, Of: "handlers"}, b.today())
	out := []string{w.seat.Person}
	for _, o := range opts {
		if x := b.member(o.Code); o.Code != w.seat.Person && len(out) < 2 && x != nil && b.stays(x) {
			out = append(out, o.Code)
		}
	}
	return out, err
}

func (b *builder) verify(st *story) error {
	b.after(1, 6, func() error {
		w, m, err := b.handlerOf(st.clue)
		if err != nil {
			return err
		}
		if w == nil || b.staying(b.hands(access.Handler, m.Handler.Key)) < 2 {
			// Nobody, or one person alone: the county's own office goes on with it.
			return b.run(b.find(access.Supervision, st.c.unit.ID.Key), st.clue, "reassign", flow.Values{"target": {st.c.offices[0].ID.Key}, "reason": {"承办单位人手不足，改由县纪委监委直接办理。"}},
				func() error { return b.verify(st) })
		}
		if w = b.findStaying(m.Handler.Key); w == nil {
			return nil
		}
		team, err := b.team(w, m)
		if err != nil {
			return err
		}
		in := flow.Values{"team": team, "lead": team[:1], "questions": {"反映事项是否属实，资金来源和去向。"}, "steps": {"调取账目凭证，询问经手人和群众，形成报告。"},
			"measures": {"talk", "accounts"}, "safety": {"谈话选在规范场所，二人进行，做好安全预案。"}}
		return b.run(w, st.clue, "submit_plan", in, func() error { return b.work(st, team) })
	})
	return nil
}

// stays says whether somebody will still be there when a verification or investigation begun now is over.
func (b *builder) stays(w *worker) bool { return w.leaves == "" || w.leaves.Sub(b.today()) > 150 }

// findStaying is somebody of a unit who will.
func (b *builder) findStaying(unit id.Key) *worker {
	for _, w := range b.hands(access.Handler, unit) {
		if b.stays(w) {
			return w
		}
	}
	return nil
}

func (b *builder) staying(ws []*worker) (n int) {
	for _, w := range ws {
		if b.stays(w) {
			n++
		}
	}
	return n
}

// member is somebody of the team who still works for the commission.
func (b *builder) member(person id.Key) *worker {
	return b.byPerson[person]
}

func (b *builder) work(st *story, team []string) error {
	lo, hi := 12, 32
	if b.r.IntN(100) < 10 {
		lo, hi = 40, 60
	}
	finding := "true"
	switch x := b.r.IntN(100); {
	case x < 24:
		finding = "untrue"
	case x < 45:
		finding = "partly"
	}
	b.after(lo, hi, func() error {
		in := flow.Values{"facts": {pick(b.r, facts)}, "finding": {finding}, "record_no": b.paper("核")}
		if finding == "untrue" {
			in["facts"] = []string{"经核实，反映的问题不实。"}
		}
		return b.run(b.member(team[0]), st.clue, "write_report", in, func() error {
			return b.signatures(st.clue, team, func() error { return b.concluded(st, finding) })
		})
	})
	return nil
}

// signatures are given one after another.
func (b *builder) signatures(m id.ID, team []string, next func() error) error {
	if len(team) == 0 {
		return next()
	}
	b.after(0, 1, func() error {
		return b.run(b.member(team[0]), m, "sign", nil, func() error { return b.signatures(m, team[1:], next) })
	})
	return nil
}

func (b *builder) concluded(st *story, finding string) error {
	outcome, x := "file", b.r.IntN(100)
	switch {
	case finding == "untrue":
		outcome = "close"
	case x < 13:
		outcome = "remind"
	case x < 15:
		outcome = "hand_party"
	}
	track := "party"
	if st.subject.category != "" && (!st.subject.party || b.r.IntN(4) == 0) {
		track = "both"
		if !st.subject.party {
			track = "admin"
		}
	}
	clear := pick(b.r, []string{"not_needed", "wanted", "wanted", "declined"})
	return b.step(st.clue, 2, 6, "propose_result", func() flow.Values {
		return flow.Values{"outcome": {outcome}, "reason": {"根据核查情况，提出分类处理意见。"}, "track": {track}, "measure": {"remind"}, "party_org": {"所在党支部"}, "clear_answer": {clear}, "clear_reason": {"本人表示不需要，影响范围很小。"}}
	}, func() error {
		switch outcome {
		case "file":
			k, err := b.child(st.clue, "case")
			if err != nil {
				return err
			}
			b.out.Cases++
			return b.file(st, k, track)
		case "hand_party":
			return b.over(st)
		}
		return b.settle(st)
	})
}
