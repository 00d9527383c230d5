package account

import (
	"context"
	"strings"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// ChangePassword sets a new password, given the old one. Every other session of the account ends, its programs' too.
func (s *Service) ChangePassword(ctx context.Context, token, old, password string) error {
	l, r, err := s.own(ctx, token, false)
	if err != nil {
		return err
	}
	if err := s.Policy.checkPassword(password, l.login, l.name); err != nil {
		return err
	}
	if password == old {
		return fault.InvalidField("password", "password.same")
	}
	if len(old) > maxPassword {
		return fault.InvalidField("old", "password.old")
	}
	b, err := s.stepBudget(ctx, "c", l.ID, l.device)
	if err != nil {
		return err
	}
	ok, _, n, err := s.evaluate(ctx, b, old, l.password)
	if err != nil {
		return err
	}
	if !ok {
		if err := s.missed(ctx, l.row, b, n, "change"); err != nil {
			return err
		}
		return fault.InvalidField("old", "password.old")
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.self(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		if a.password != l.password {
			return ledger.Act{}, fault.Stale()
		}
		a.password, a.mustChange, a.resetBy, a.changedAt = hash, false, "", int64(tx.Now())
		if err := newEpoch(ctx, tx, a, l.hash, l.device); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "account.password", About: about(a.ID)}, forgive(ctx, tx.Tx, b)
	})
}

// newEpoch ends every session of an account but one, and makes its browsers strangers but that one's.
func newEpoch(ctx context.Context, tx *ledger.Tx, a *row, but, device string) error {
	a.epoch++
	if err := endOthers(ctx, tx.Tx, a.ID, but); err != nil {
		return err
	}
	if but != "" {
		if _, err := tx.Exec(ctx, `UPDATE sessions SET epoch = $3 WHERE city_id = $1 AND token = $2`, but, a.epoch); err != nil {
			return err
		}
	}
	return forgetDevices(ctx, tx.Tx, a.ID, device)
}

// Program is a program's access as its owner sees it.
type Program struct {
	ID   string
	Name string
	Made calendar.Instant
	Seen calendar.Instant
	Ends calendar.Instant
}

const maxPrograms = 20

// Program makes a bearer token for a program, which acts in the post this session acts in. It is shown this once. Only a
// person's own, recent sign-in can make one, so that a token can't make its own successor.
func (s *Service) Program(ctx context.Context, token, name string, ttl time.Duration) (string, error) {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return "", err
	}
	posts, err := postsOf(ctx, r, l.person, r.Now().Date())
	if err != nil {
		return "", err
	}
	ss := s.session(l, posts)
	if !ss.Ready() {
		return "", fault.New(fault.Unauthenticated, "session.second")
	}
	name = strings.TrimSpace(text.Fold(name))
	if name == "" || len([]rune(name)) > 60 {
		return "", fault.InvalidField("name", "program.name")
	}
	if ttl <= 0 || ttl > s.Policy.Program {
		return "", fault.InvalidField("ttl", "program.ttl", itoa(int64(s.Policy.Program/(24*time.Hour))))
	}
	have, err := s.Programs(ctx, token)
	if err != nil {
		return "", err
	}
	if len(have) >= maxPrograms {
		return "", fault.New(fault.Conflict, "program.many", itoa(maxPrograms))
	}
	secret, hash := newToken(l.ID.City)
	l.holding = ss.Holding
	err = s.self(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		now := int64(tx.Now())
		p := live{row: *a, hash: hash, holding: ss.Holding, stage: StageProgram, created: now, seen: now, ends: now + micros(ttl)}
		return ledger.Act{Action: "account.program_make", About: about(a.ID), Params: map[string]any{"name": name, "until": string(calendar.Instant(p.ends).Date())}},
			putSession(ctx, tx.Tx, p, name, p.ends)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Programs lists what programs have access in the session's account.
func (s *Service) Programs(ctx context.Context, token string) ([]Program, error) {
	l, r, err := s.own(ctx, token, false)
	if err != nil {
		return nil, err
	}
	return db.All(ctx, r, func(rows *db.Rows) (p Program, err error) {
		return p, rows.Scan(&p.ID, &p.Name, &p.Made, &p.Seen, &p.Ends)
	}, `SELECT s.token, s.name, s.created_at, s.seen_at, s.ends_at FROM sessions s WHERE s.city_id = $1 AND s.account_id = $2 AND s.stage = 'program' AND s.epoch = $3 AND s.ends_at > $4 ORDER BY s.created_at, s.token`,
		l.ID.Key, l.epoch, int64(r.Now()))
}

// RevokeProgram ends a program's access.
func (s *Service) RevokeProgram(ctx context.Context, token, program string) error {
	l, r, err := s.own(ctx, token, false)
	if err != nil {
		return err
	}
	return s.self(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		var name string
		err := tx.Row(ctx, `DELETE FROM sessions WHERE city_id = $1 AND token = $2 AND account_id = $3 AND stage = 'program' RETURNING name`, program, a.ID.Key).Scan(&name)
		if err == db.ErrNoRows {
			return ledger.Act{}, fault.Hidden()
		}
		return ledger.Act{Action: "account.program_revoke", About: about(a.ID), Params: map[string]any{"name": name}}, err
	})
}
