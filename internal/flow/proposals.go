package flow

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

func (p Proposal) row() []any {
	return []any{p.ID.Key, p.Matter, p.Root, p.Move, p.In.encode(), p.FromState, p.Author, p.AuthorUnit, p.Chain, p.ChainVersion, p.State, p.Step, int64(p.Made), int64(p.Ended), p.Clock, p.Version}
}

func (s Step) row(proposal id.Key) []any {
	return []any{proposal, s.N, s.Role, string(s.Seat), int64(s.Unit.City), s.Unit.Key, s.Moved, s.Decision, s.Person, s.Holding, s.For, s.Note, s.On, int64(s.At)}
}

const proposalCols = `p.id, p.matter_id, p.root_id, p.move, p.input, p.from_state, p.author_id, p.author_unit, p.chain, p.chain_version, p.state, p.step, p.made_at, p.ended_at, p.clock_id, p.version`

func scanProposal(city id.City) func(*db.Rows) (Proposal, error) {
	return func(rows *db.Rows) (Proposal, error) {
		p := Proposal{ID: id.ID{City: city}}
		var in string
		err := rows.Scan(&p.ID.Key, &p.Matter, &p.Root, &p.Move, &in, &p.FromState, &p.Author, &p.AuthorUnit, &p.Chain, &p.ChainVersion, &p.State, &p.Step, &p.Made, &p.Ended, &p.Clock, &p.Version)
		if err == nil {
			p.In, err = decodeValues(in)
		}
		return p, err
	}
}

func scanStep(rows *db.Rows) (s Step, err error) {
	return s, rows.Scan(&s.N, &s.Role, &s.Seat, &s.Unit.City, &s.Unit.Key, &s.Moved, &s.Decision, &s.Person, &s.Holding, &s.For, &s.Note, &s.On, &s.At)
}

const stepCols = `s.n, s.role, s.seat, s.unit_city, s.unit_id, s.moved, s.decision, s.person_id, s.holding_id, s.for_person, s.note, s.on_day, s.at`

// Proposals reads a matter's proposals, newest first, with their steps. The caller has seen the matter.
func Proposals(ctx context.Context, r db.Reader, matter id.Key) ([]Proposal, error) {
	rows, err := r.Query(ctx, `SELECT `+proposalCols+`, `+stepCols+` FROM proposals p JOIN proposal_steps s ON s.city_id = p.city_id AND s.proposal_id = p.id
		WHERE p.city_id = $1 AND p.matter_id = $2 ORDER BY p.made_at DESC, p.id DESC, s.n`, matter)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return scanProposals(rows, r.City())
}

func getProposal(ctx context.Context, r db.Reader, key id.Key) (Proposal, error) {
	ps, err := ProposalsByKey(ctx, r, []string{key})
	if err != nil {
		return Proposal{}, err
	}
	if len(ps) == 0 {
		return Proposal{}, fault.Hidden()
	}
	ps[0].was = ps[0].row()
	return ps[0], nil
}

// matterOf is the matter to lock before a proposal is read; "" where there is no such proposal, which no matter is called:
// a proposal that is not there takes as many statements as one whose matter may not be seen.
func matterOf(ctx context.Context, r db.Reader, proposal id.Key) (m id.Key, err error) {
	err = r.Row(ctx, `SELECT p.matter_id FROM proposals p WHERE p.city_id = $1 AND p.id = $2`, proposal).Scan(&m)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return m, err
}

// Proposal reads one proposal with its matter, for somebody who may see the matter. One that is not there is looked for
// as matterOf does.
func (e *Engine) Proposal(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Proposal, Matter, error) {
	p, err := getProposal(ctx, r, key)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return p, Matter{}, err
	}
	m, err := Get(ctx, r, who, p.Matter)
	return p, m, err
}

// ProposalsByKey reads several proposals with their steps. The caller has seen their matters.
func ProposalsByKey(ctx context.Context, r db.Reader, keys []string) ([]Proposal, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	text, args := db.Build(`SELECT `+proposalCols+`, `+stepCols+` FROM proposals p JOIN proposal_steps s ON s.city_id = p.city_id AND s.proposal_id = p.id WHERE p.city_id = $1`).
		In(" AND ", "p.id", keys).Add(` ORDER BY p.id, s.n`).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return scanProposals(rows, r.City())
}

// Approved reads, by matter and move, the newest approved proposal of several matters, without its signatures. The caller
// has seen the matters.
func Approved(ctx context.Context, r db.Reader, matters []string) (map[[2]string]Proposal, error) {
	out := map[[2]string]Proposal{}
	if len(matters) == 0 {
		return out, nil
	}
	text, args := db.Build(`SELECT `+proposalCols+` FROM proposals p WHERE p.city_id = $1 AND p.state = 'approved'`).In(" AND ", "p.matter_id", matters).Add(` ORDER BY p.made_at, p.id`).SQL()
	ps, err := db.All(ctx, r, scanProposal(r.City()), text, args...)
	for _, p := range ps {
		out[[2]string{p.Matter, p.Move}] = p
	}
	return out, err
}

func scanProposals(rows *db.Rows, city id.City) ([]Proposal, error) {
	var out []Proposal
	for rows.Next() {
		p := Proposal{ID: id.ID{City: city}}
		var in string
		var s Step
		if err := rows.Scan(&p.ID.Key, &p.Matter, &p.Root, &p.Move, &in, &p.FromState, &p.Author, &p.AuthorUnit, &p.Chain, &p.ChainVersion, &p.State, &p.Step, &p.Made, &p.Ended, &p.Clock, &p.Version,
			&s.N, &s.Role, &s.Seat, &s.Unit.City, &s.Unit.Key, &s.Moved, &s.Decision, &s.Person, &s.Holding, &s.For, &s.Note, &s.On, &s.At); err != nil {
			return nil, err
		}
		if n := len(out); n == 0 || out[n-1].ID != p.ID {
			var err error
			if p.In, err = decodeValues(in); err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		last := &out[len(out)-1]
		last.Steps = append(last.Steps, s)
	}
	return out, rows.Err()
}
