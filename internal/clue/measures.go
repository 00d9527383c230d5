package clue

import (
	"qianshao/internal/flow/count"
	"qianshao/internal/measure"
)

// Measures are what this room counts. Numbers of clues and what they lead to are for understanding and never scored;
// whether the work was on time and was not sent back may be.
func Measures() []measure.Def {
	return measure.OfMatters([]string{Kind}, []measure.Def{
		measure.HowItCame(measure.FlowDef("clue.opened", measure.Hand, true, "clue_source")),
		measure.FlowDef("clue.disposed", measure.Hand, true, "disposal"),
		measure.FlowDef("clue.inquired", measure.Hand, true, "inquiry_outcome"),
		measure.FlowDef("clue.verified", measure.Hand, true, "verification_outcome"),
		measure.FlowDef("clue.passed_on", measure.Hand, true, "forward_reason"),
		measure.FlowDef("clue.closed", measure.Hand, true, "close_kind"),
		measure.HowItCame(measure.SumDef(measure.Cells{Name: byChannel.Name}, measure.Hand, true, []string{"channel", "clue_source"}, measure.TallyRows("clue.opened", channelOf, channelJoin))),
		measure.ShareDef(filed, measure.Hand, true),
		measure.HowItCame(measure.ShareDef(selfFound, measure.Hand, true)),
		measure.ShareDef(sentBack, measure.Hand, false),
		count.StepDef(Kind),
		measure.HowItCame(count.OpenDef("clue.open", Kind, "clue_source")),
		count.KeptDef("clue.opinion_on_time", Kind, "clue.opinion"),
		count.KeptDef("clue.on_time", Kind),
		count.LateDef("clue.late", Kind),
	})
}

// Splits are what this room counts by parts.
func Splits() []measure.Split { return []measure.Split{byChannel, filed, selfFound, sentBack} }

// filed: a case was filed from the clue, on the first day that one was. CROSS JOIN keeps the order: the clue's case first.
// The other way round, or by the kind of matter (hidden from the planner for that), every case of the city is read for each clue.
var filed = measure.ShareOf("clue.filed_per_disposed", "clue.disposed", `COALESCE((SELECT MIN(f.on_day) FROM matters k CROSS JOIN tallies f
	WHERE k.city_id = x.city_id AND k.parent_id = x.id AND k.kind || '' = 'case' AND f.city_id = k.city_id AND f.matter_id = k.id AND f.measure = 'case.filed' AND f.n <> 0), '')`, "case.filed", true)

// selfFound: nobody reported it.
var selfFound = measure.ShareOf("clue.self_found_share", "clue.opened", measure.Holds(`x.source = 'found'`), "", false)

// sentBack: an approver returned a proposal on the clue.
var sentBack = measure.ShareOf("clue.returned_share", "clue.disposed", measure.Holds(`EXISTS (SELECT 1 FROM proposals p WHERE p.city_id = x.city_id AND p.matter_id = x.id AND p.state = 'returned')`), measure.CauseReturned, false)

// byChannel: the way each clue came in.
var byChannel = measure.Split{Name: "clue.by_channel", Tally: "clue.opened", Of: "t.matter_id",
	Rows: `SELECT t.city_id, 'clue.by_channel' AS name, '' AS county_id, t.unit_id, t.on_day, ` + channelOf + ` AS dim, '' AS mark, t.n FROM tallies t` + channelJoin + ` WHERE t.city_id = $1 AND t.measure = 'clue.opened' AND t.n <> 0`}

// channelJoin finds a tally's clue; channelOf is the way a clue's report came in, and its source where there
// was none: no report is looked for then.
const channelJoin = ` LEFT JOIN clues c ON c.city_id = t.city_id AND c.id = t.matter_id`

const channelOf = `COALESCE(CASE WHEN c.tipoff_id <> '' THEN (SELECT o.channel FROM tipoffs o WHERE o.city_id = c.city_id AND o.id = c.tipoff_id) END, t.dim)`
