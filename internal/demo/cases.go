package demo

import (
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/id"
)

// file sees a case from its filing to its end.
func (b *builder) file(st *story, k id.ID, track string) error {
	b.after(2, 8, func() error {
		_, m, err := b.handlerOf(k)
		if err != nil {
			return err
		}
		w := b.findStaying(m.Handler.Key)
		if w == nil {
			w = b.find(access.Handler, m.Handler.Key)
		}
		if w == nil {
			b.out.Skipped["submit_filing nobody"]++
			return nil
		}
		team, err := b.team(w, m)
		if err != nil {
			return err
		}
		in := flow.Values{"team": team, "lead": team[:1], "facts": {pick(b.r, facts)}, "reason": {"涉嫌违纪违法，需要追究责任，符合立案条件。"}, "track": {track}, "filing_no": b.paper("立")}
		return b.run(w, k, "submit_filing", in, func() error { return b.investigate(st, k, track) })
	})
	return nil
}

// byTeam makes a move by a member of the team that investigates.
func (b *builder) byTeam(k id.ID, lo, hi int, move string, in func() flow.Values, next func() error) error {
	b.after(lo, hi, func() error {
		team, err := b.members(k, flow.StageInvestigate)
		if err != nil {
			return err
		}
		var w *worker
		for _, p := range team {
			if w = b.member(p); w != nil {
				break
			}
		}
		return b.run(w, k, move, in(), next)
	})
	return nil
}

func (b *builder) members(k id.ID, stage string) ([]id.Key, error) {
	team, err := flow.Team(b.ctx, b.app.DB.In(k.City), k.Key)
	var out []id.Key
	for _, t := range team {
		if t.Stage == stage && t.To == "" {
			out = append(out, t.Person)
		}
	}
	return out, err
}

func (b *builder) investigate(st *story, k id.ID, track string) error {
	lo, hi := 22, 48
	if b.r.IntN(100) < 8 {
		lo, hi = 60, 75
	}
	return b.byTeam(k, 1, 3, "announce_filing", func() flow.Values {
		return flow.Values{"on": b.day(), "announced_by": {"调查组二人"}, "unit_told": {st.subject.unit.Name + "党组织"}, "rights_told": {"yes"}}
	}, func() error {
		return b.byTeam(k, lo, hi, "show_facts", func() flow.Values {
			return flow.Values{"on": b.day(), "person_says": {pick(b.r, []string{"agrees", "agrees", "partly"})}, "defence": {"对个别金额提出说明。"}, "defence_checked": {"yes"}, "record_no": b.paper("见面")}
		}, func() error {
			return b.byTeam(k, 1, 4, "write_report", func() flow.Values {
				return flow.Values{"facts": {pick(b.r, facts)}, "suggestion": {"建议依规依纪给予处分。"}, "record_no": b.paper("审查报告")}
			}, func() error {
				team, err := b.members(k, flow.StageInvestigate)
				if err != nil {
					return err
				}
				return b.signatures(k, team, func() error {
					return b.step(k, 1, 3, "submit_review", func() flow.Values { return flow.Values{"volumes": {"二卷"}} }, func() error { return b.review(st, k, track) })
				})
			})
		})
	})
}

// byReview makes a move by one of the panel.
func (b *builder) byReview(k id.ID, lo, hi int, move string, in func() flow.Values, next func() error) error {
	b.after(lo, hi, func() error {
		panel, err := b.members(k, flow.StageReview)
		if err != nil {
			return err
		}
		var w *worker
		if len(panel) > 0 {
			w = b.member(panel[0])
		}
		return b.run(w, k, move, in(), next)
	})
	return nil
}

func (b *builder) review(st *story, k id.ID, track string) error {
	b.after(1, 3, func() error {
		m, err := b.matter(k)
		if err != nil {
			return err
		}
		w := b.find(access.Review, m.Organ.Key)
		opts, err := b.app.Engine.Options(b.ctx, b.app.DB.In(City), b.as(w), &m, flow.Field{Kind: flow.People, Of: "reviewers"}, b.today())
		if err != nil {
			return err
		}
		var panel []string
		for _, o := range opts {
			if x := b.member(o.Code); x != nil && x.kind == "reviewer" && len(panel) < 2 {
				panel = append(panel, o.Code)
			}
		}
		if len(panel) < 2 {
			b.out.Skipped["accept_review too few"]++
			return nil
		}
		return b.run(w, k, "accept_review", flow.Values{"on": b.day(), "panel": panel, "lead": panel[:1]}, func() error {
			return b.byReview(k, 8, 17, "review_report", func() flow.Values {
				return flow.Values{"talk": {"held"}, "talk_on": b.day(), "facts": {"事实清楚、证据确凿。"}, "qualification": {"违反有关纪律规定，应予追究。"}, "decision": {"sanction"}, "record_no": b.paper("审理")}
			}, func() error { return b.decide(st, k, track) })
		})
	})
	return nil
}

var (
	partySanctions = []string{"party_warning", "party_warning", "party_warning", "party_warning", "party_warning", "party_serious_warning", "party_serious_warning", "party_removal", "party_probation", "party_expulsion"}
	adminSanctions = []string{"admin_warning", "admin_warning", "admin_demerit", "admin_demerit", "admin_major_demerit", "admin_demotion"}
)

// sanction chooses a kind that somebody here may decide for this person, and by whom.
func (b *builder) sanction(m *flow.Matter, in flow.Values, track string, kinds []string) error {
	for range 20 {
		code := pick(b.r, kinds)
		in.Set(track+"_sanction", code)
		facts, err := b.app.Engine.Facts(b.ctx, b.app.DB.In(City), m, in)
		if err != nil {
			return err
		}
		x, _ := b.app.Rules.Sanction(code)
		if bodies := x.Decides(facts); len(bodies) > 0 {
			in.Set(track+"_body", bodies[0])
			return nil
		}
	}
	delete(in, track+"_sanction")
	return nil
}

func (b *builder) decide(st *story, k id.ID, track string) error {
	return b.byReviewIn(k, 3, 9, "decide", func(m *flow.Matter) (flow.Values, error) {
		in := flow.Values{"decision": {"sanction"}, "decided_on": b.day(), "minutes_no": b.paper("纪要"), "branch": {"held"}, "branch_on": b.day(), "form": {"f2"}, "decision_no": b.paper("处"),
			"reason": {"经集体研究决定。"}, "probation": {"12"}, "consulted": {"yes"}, "body": {"county_commission"}}
		if b.r.IntN(12) == 0 {
			in["decision"] = []string{"exempt"}
			in["form"] = []string{"f1"}
			if track == "admin" {
				in["body"] = []string{"county_supervision"}
			}
			return in, nil
		}
		if track != "admin" {
			if err := b.sanction(m, in, "party", partySanctions); err != nil {
				return nil, err
			}
		}
		if track != "party" {
			if err := b.sanction(m, in, "admin", adminSanctions); err != nil {
				return nil, err
			}
			// With an administrative sanction the matter is the county's; the Party's body follows.
			if code := in.Str("party_sanction"); code != "" {
				if err := b.sanction(m, in, "party", []string{code}); err != nil {
					return nil, err
				}
			}
		}
		for _, heavy := range []string{"party_removal", "party_probation", "party_expulsion", "admin_demotion"} {
			if slices.Contains([]string{in.Str("party_sanction"), in.Str("admin_sanction")}, heavy) {
				in["form"] = []string{"f3"}
			}
		}
		return in, nil
	}, func() error { return b.execute(st, k) })
}

// byReviewIn is byReview with what is filled in worked out from the matter.
func (b *builder) byReviewIn(k id.ID, lo, hi int, move string, in func(*flow.Matter) (flow.Values, error), next func() error) error {
	b.after(lo, hi, func() error {
		m, err := b.matter(k)
		if err != nil {
			return err
		}
		vals, err := in(&m)
		if err != nil {
			return err
		}
		return b.byReview(k, 0, 0, move, func() flow.Values {
			vals["decided_on"], vals["branch_on"] = b.day(), b.day()
			return vals
		}, next)
	})
	return nil
}

func (b *builder) execute(st *story, k id.ID) error {
	end := func() error {
		return b.step(k, 3, 10, "propose_close", func() flow.Values {
			return flow.Values{"volumes": {"三卷"}, "unit_told": {"yes"}, "person_told": {"yes"}}
		}, func() error { return b.over(st) })
	}
	return b.step(k, 1, 6, "deliver", func() flow.Values {
		return flow.Values{"on": b.day(), "service": {"in_person"}, "receipt_no": b.paper("回证"), "person_says": {"agrees"}}
	}, func() error {
		m, err := b.matter(k)
		if err != nil {
			return err
		}
		if !m.Is(flow.FlagPunished) {
			return end()
		}
		carried := func() error {
			return b.step(k, 8, 40, "report_execution", func() flow.Values {
				return flow.Values{"on": b.day(), "archived": {"yes"}, "property": {pick(b.r, []string{"none", "done"})}, "what": {"处分决定已归入本人档案，影响期内有关待遇已按规定调整。"}, "record_no": b.paper("执行")}
			}, end)
		}
		return b.step(k, 1, 9, "announce", func() flow.Values {
			return flow.Values{"on": b.day(), "place": {"所在单位会议室"}, "attended": {"所在党支部党员、单位干部职工"}}
		}, func() error {
			if !m.Is(flow.FlagPost) {
				return carried()
			}
			return b.step(k, 2, 9, "execute_post", func() flow.Values {
				return flow.Values{"on": b.day(), "what": {"职务、工资等变更手续已办结。"}, "record_no": b.paper("变更")}
			}, carried)
		})
	})
}
