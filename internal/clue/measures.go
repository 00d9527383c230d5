package clue

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Measures are what this room counts. Numbers of clues and what they lead to are for understanding and never scored;
// whether the work was on time and was not sent back may be.
func Measures() []measure.Def {
	return []measure.Def{
		measure.FlowDef("clue.opened", measure.Hand, true, "clue_source"),
		measure.FlowDef("clue.disposed", measure.Hand, true, "disposal"),
		measure.FlowDef("clue.inquired", measure.Hand, true, "inquiry_outcome"),
		measure.FlowDef("clue.verified", measure.Hand, true, "verification_outcome"),
		measure.FlowDef("clue.passed_on", measure.Hand, true, "forward_reason"),
		measure.FlowDef("clue.closed", measure.Hand, true, "close_kind"),
		{Name: "clue.by_channel", Unit: measure.Number, Kind: measure.Flow, By: measure.Hand, NeverScored: true, Dims: []string{"channel", "clue_source"}, Value: byChannel, Rows: byChannelRows},
		flow.ShareDef("clue.filed_per_disposed", "clue.disposed", measure.Hand, true, filed),
		flow.ShareDef("clue.self_found_share", "clue.opened", measure.Hand, true, func(b *db.Builder, _ measure.Query) { b.Add(` AND x.source = 'found'`) }),
		flow.ShareDef("clue.returned_share", "clue.disposed", measure.Hand, false, sentBack),
		flow.OpenDef("clue.open", Kind, "clue_source"),
		flow.KeptDef("clue.opinion_on_time", Kind, "clue.opinion"),
		flow.KeptDef("clue.on_time", Kind),
		flow.LateDef("clue.late", Kind),
	}
}

// filed: a case was filed from the clue by the query's last day.
func filed(b *db.Builder, q measure.Query) {
	// CROSS JOIN keeps the order: the clue's case first. The other way round every case of the city is read for each clue.
	b.Add(` AND EXISTS (SELECT 1 FROM matters k CROSS JOIN tallies f
		WHERE k.city_id = x.city_id AND k.parent_id = x.id AND k.kind = 'case'
		AND f.city_id = k.city_id AND f.matter_id = k.id AND f.measure = 'case.filed' AND f.n <> 0 AND f.on_day <= ?)`, q.To)
}

// sentBack: an approver returned a proposal on the clue.
func sentBack(b *db.Builder, _ measure.Query) {
	b.Add(` AND EXISTS (SELECT 1 FROM proposals p WHERE p.city_id = x.city_id AND p.matter_id = x.id AND p.state = 'returned')`)
}

// channelFrom joins each clue opened in the period with the way its report came in; a clue without a report came in by
// its source.
const channelFrom = ` FROM tallies t LEFT JOIN clues c ON c.city_id = t.city_id AND c.id = t.matter_id LEFT JOIN tipoffs o ON o.city_id = c.city_id AND o.id = c.tipoff_id`

const channelOf = `COALESCE(o.channel, t.dim)`

func openedIn(b *db.Builder, q measure.Query) *db.Builder {
	b.Add(` WHERE t.city_id = $1 AND t.measure = 'clue.opened' AND t.on_day >= ? AND t.on_day <= ? AND t.n <> 0`, q.From, q.To)
	return q.Owned(b, "t.unit_id")
}

func byChannel(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
	v := measure.Value{Known: true}
	text, args := openedIn(db.Build(`SELECT `+channelOf+`, SUM(t.n)`+channelFrom), q).Add(` GROUP BY ` + channelOf).SQL()
	var err error
	v.By, err = db.All(ctx, r, func(rows *db.Rows) (p measure.Part, err error) { return p, rows.Scan(&p.Dim, &p.N) }, text, args...)
	slices.SortFunc(v.By, func(a, b measure.Part) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Dim, b.Dim)
	})
	for _, p := range v.By {
		v.Numerator += p.N
	}
	return v, err
}

func byChannelRows(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, limit int) (measure.RowList, error) {
	b := db.Build(`SELECT t.on_day, ` + channelOf + `, t.n, COALESCE(m.id, ''), COALESCE(m.no, ''), COALESCE(m.title, '')` + channelFrom + ` LEFT JOIN matters m ON m.city_id = t.city_id AND m.id = t.matter_id`)
	text, args := openedIn(measure.Visible(b, who, r.City()), q).Add(` ORDER BY t.on_day DESC, t.id DESC LIMIT ?`, limit+1).SQL()
	rows, err := db.All(ctx, r, func(rows *db.Rows) (measure.MatterRow, error) {
		m := measure.MatterRow{Counts: true}
		return m, rows.Scan(&m.On, &m.Dim, &m.N, &m.Key, &m.No, &m.Title)
	}, text, args...)
	return measure.MatterList(r.City(), rows, limit), err
}
