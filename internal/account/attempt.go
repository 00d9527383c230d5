package account

import (
	"context"
	"errors"
	"strconv"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// A budget is what failed attempts are counted against: a row of the table attempts. "d/<account>/<device>" is that of
// a device that has signed in before, and its being there is what makes the device known; "a/<account>" is the one that
// all other devices share; "s/…" and "c/…" are those of the second step and of changing the password; "u/…" is that of
// a login that nobody has.
type budget struct {
	who   string
	known bool // the device has signed in to this account before
}

func deviceKey(account id.ID, device string) string { return "d/" + account.String() + "/" + device }

func (b budget) device() string {
	if b.known {
		return "known"
	}
	return "new"
}

// nobody is the budget of a login that does not exist. What people type there may be their password, so that only a
// keyed digest is kept.
func (s *Service) nobody(login string) budget {
	return budget{who: "u/" + url64.EncodeToString(digestOf(login, s.mark)[:18])}
}

// budgetOf picks the budget of a sign-in and refuses at once if it rests. device is a digest, "" for a browser that
// showed none.
func (s *Service) budgetOf(ctx context.Context, account id.ID, device string) (budget, error) {
	b := budget{who: "a/" + account.String()}
	known := deviceKey(account, device)
	return s.pick(ctx, b, known, func() budget { return budget{who: known, known: true} })
}

// stepBudget is the budget of something a session does: the device's own when the device is known.
func (s *Service) stepBudget(ctx context.Context, kind string, account id.ID, device string) (budget, error) {
	own := budget{who: kind + "/" + account.String() + "/" + device, known: true}
	b, err := s.pick(ctx, budget{who: kind + "/" + account.String()}, deviceKey(account, device), func() budget { return own })
	if err == nil && b.known {
		b, err = s.pick(ctx, own, "", nil)
	}
	return b, err
}

func (s *Service) pick(ctx context.Context, b budget, known string, own func() budget) (budget, error) {
	rows, err := db.All(ctx, s.Ledger.DB.Shared(), func(rows *db.Rows) (x struct {
		who   string
		until int64
	}, err error) {
		return x, rows.Scan(&x.who, &x.until)
	}, `SELECT who, until_at FROM attempts WHERE who = $1 OR who = $2`, b.who, known)
	if err != nil {
		return b, err
	}
	until := map[string]int64{}
	for _, x := range rows {
		until[x.who] = x.until
	}
	if _, ok := until[known]; ok && own != nil {
		b = own()
	}
	return b, resting(until[b.who], s.Ledger.DB.Now())
}

// resting is the fault that says how many seconds are left.
func resting(until int64, now calendar.Instant) error {
	left := until - int64(now)
	if left <= 0 {
		return nil
	}
	return fault.New(fault.TooMany, "signin.wait", strconv.FormatInt((left+999_999)/1_000_000, 10))
}

// spend takes one attempt from a budget before it is made, and says the how-manieth in a row it is. The row's lock
// orders those that come at once; once the budget rests, no more of them pass.
func (s *Service) spend(ctx context.Context, b budget) (n int64, err error) {
	err = s.Ledger.DB.Scratch(ctx, 0, func(tx *db.Tx) error {
		now := tx.Now()
		if _, err := tx.Exec(ctx, `INSERT INTO attempts (who, failures, until_at, at) VALUES ($1, 0, 0, $2) ON CONFLICT (who) DO NOTHING`, b.who, int64(now)); err != nil {
			return err
		}
		err := tx.Row(ctx, `UPDATE attempts SET failures = CASE WHEN at < $3 THEN 1 ELSE failures + 1 END, at = $2 WHERE who = $1 AND until_at <= $2 RETURNING failures`,
			b.who, int64(now), int64(now)-micros(s.Policy.Forget)).Scan(&n)
		if errors.Is(err, db.ErrNoRows) {
			var until int64
			if err := tx.Row(ctx, `SELECT until_at FROM attempts WHERE who = $1`, b.who).Scan(&until); err != nil {
				return err
			}
			return resting(max(until, int64(now)+1), now) // another attempt took the last one this very instant
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE attempts SET until_at = $2 WHERE who = $1`, b.who, int64(now)+micros(s.Policy.wait(n)))
		return err
	})
	return n, err
}

// forgive forgets a budget's failures after a success, in the transaction of the success.
func forgive(ctx context.Context, tx *db.Tx, b budget) error {
	_, err := tx.SharedTx().Exec(ctx, `UPDATE attempts SET failures = 0, until_at = 0, at = $2 WHERE who = $1`, b.who, int64(tx.Now()))
	return err
}

// maxDevices is how many browsers of one account are remembered; the oldest are forgotten.
const maxDevices = 20

// know remembers a device after a whole sign-in.
func know(ctx context.Context, tx *db.Tx, account id.ID, device string) error {
	if device == "" {
		return nil
	}
	t := tx.SharedTx()
	if _, err := t.Exec(ctx, `INSERT INTO attempts (who, failures, until_at, at) VALUES ($1, 0, 0, $2) ON CONFLICT (who) DO UPDATE SET failures = 0, until_at = 0, at = $2`,
		deviceKey(account, device), int64(tx.Now())); err != nil {
		return err
	}
	from, to := deviceKey(account, ""), "d/"+account.String()+"0" // "0" follows "/"
	_, err := t.Exec(ctx, `DELETE FROM attempts WHERE who >= $1 AND who < $2 AND who NOT IN (SELECT a.who FROM attempts a WHERE a.who >= $1 AND a.who < $2 ORDER BY a.at DESC, a.who LIMIT `+strconv.Itoa(maxDevices)+`)`, from, to)
	return err
}

// forgetDevices makes every browser but one a stranger again.
func forgetDevices(ctx context.Context, tx *db.Tx, account id.ID, but string) error {
	_, err := tx.SharedTx().Exec(ctx, `DELETE FROM attempts WHERE who >= $1 AND who < $2 AND who <> $3`,
		deviceKey(account, ""), "d/"+account.String()+"0", deviceKey(account, but))
	return err
}

// missed says so in the log when a budget begins to rest: once a row of failures. A login that nobody has costs a
// transaction too, so that the clock does not tell them apart.
func (s *Service) missed(ctx context.Context, a row, b budget, n int64, step string) error {
	if n != int64(s.Policy.Tries) {
		return nil
	}
	if a.ID.Zero() {
		return s.Ledger.DB.Scratch(ctx, 0, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM attempts WHERE at < $1 AND who >= 'u/' AND who < 'u0'`, int64(tx.Now())-micros(s.Policy.Forget))
			return err
		})
	}
	_, err := s.Ledger.Write(ctx, access.ByProgram(a.ID.City), a.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		organ, err := organOf(ctx, tx, a.person)
		return ledger.Act{Action: "account.lockout", Organ: organ, About: about(a.ID), Params: map[string]any{"device": b.device(), "step": step, "failures": n}}, err
	})
	return err
}

func micros(d time.Duration) int64 { return d.Microseconds() }
