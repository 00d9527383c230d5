package deadline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Notices are the years imported into this deployment, in the text form of package calendar.
func Notices(ctx context.Context, r db.Reader) (string, error) {
	bodies, err := db.Column[string](ctx, r, `SELECT body FROM holiday_years ORDER BY year`)
	return strings.Join(bodies, "\n"), err
}

// LoadCalendar is the shipped calendar with the years imported into this deployment on top.
func LoadCalendar(ctx context.Context, r db.Reader, book *calendar.Book) (*calendar.Book, error) {
	text, err := Notices(ctx, r)
	if err != nil {
		return nil, err
	}
	ys, err := calendar.ParseYears(text, "holiday_years")
	if err != nil {
		return nil, err
	}
	for _, y := range ys {
		book = book.With(y)
	}
	return book, nil
}

// Refresh takes up what another process of the deployment has imported, and says whether there was anything. Whoever
// runs passes calls it before each; where it says yes a Recompute is due as well, for the clocks that this process
// opened by the old calendar meanwhile.
func (k *Keeper) Refresh(ctx context.Context, r db.Reader) (bool, error) {
	var at int64
	if err := r.Shared().Row(ctx, `SELECT COALESCE(MAX(imported_at), 0) FROM holiday_years`).Scan(&at); err != nil {
		return false, err
	}
	if at == k.notice.Load() {
		return false, nil
	}
	book, err := LoadCalendar(ctx, r.Shared(), k.Calendar())
	if err != nil {
		return false, err
	}
	k.SetCalendar(book)
	k.notice.Store(at)
	return true, nil
}

// Import is what came of importing holiday notices.
type Import struct {
	Years []int     // that the text speaks of
	New   []int     // of these, the ones it said something new about
	Notes []Balance // years to look at again
	Moved int       // clocks that were computed anew
}

// Balance is a year in which the days off do not come out at what the law grants: a slip of one date nearly always
// shows here, but now and then a notice does grant an extra day, so it is a note and no refusal.
type Balance struct{ Year, Given, Law int }

// ImportYear takes in the State Council's holiday notices for one or more years, in the text form of package calendar,
// and computes anew every clock of the deployment that runs on days they speak of. The notices are the same for
// everybody, so there is one import with one act, in the log of the organ at the head of the deployment; what it
// moved stands as clock.recompute in the log of each organ whose clocks moved, with the notice's number. Importing
// the same text again records nothing and finishes what an interrupted run left undone.
func (k *Keeper) ImportYear(ctx context.Context, l *ledger.Ledger, who access.Actor, text string, fx Effects) (Import, error) {
	var out Import
	if err := mayTend(ctx, l.DB.In(who.City), who); err != nil {
		return out, err
	}
	years, err := calendar.ParseYears(text, "")
	if err != nil {
		var at *calendar.ParseError
		if errors.As(err, &at) {
			return out, fault.InvalidField("text", "calendar."+at.Code, strconv.Itoa(at.Line), at.Detail)
		}
		return out, err
	}
	if len(years) == 0 {
		return out, fault.InvalidField("text", "calendar.nothing")
	}
	blocks := yearBlocks(text)
	if len(blocks) != len(years) {
		return out, fmt.Errorf("deadline: %d years in %d blocks", len(years), len(blocks))
	}
	var said []string
	for _, y := range years {
		out.Years = append(out.Years, y.Year)
		if given, law := y.Balance(); given != law {
			out.Notes = append(out.Notes, Balance{y.Year, given, law})
		}
		for _, n := range y.Notices {
			said = append(said, n.Number)
		}
	}
	if out.New, err = k.store(ctx, l, who, years, blocks, out.Notes); err != nil {
		return out, err
	}
	if _, err := k.Refresh(ctx, l.DB.Shared()); err != nil {
		return out, err
	}
	tops, err := heads(ctx, l.DB.Shared())
	if err != nil {
		return out, err
	}
	var failed []error
	for _, top := range tops {
		for _, y := range years {
			// A notice speaks of its year and of the December before.
			days := span{calendar.MakeDate(y.Year-1, 12, 1), calendar.MakeDate(y.Year, 12, 31)}
			n, err := k.recompute(ctx, l, top.ID.City, strings.Join(said, "、"), days, fx)
			out.Moved += n
			failed = append(failed, err)
		}
	}
	return out, errors.Join(failed...)
}

// store writes the years that say something new, as one act.
func (k *Keeper) store(ctx context.Context, l *ledger.Ledger, who access.Actor, years []calendar.Year, blocks []string, notes []Balance) ([]int, error) {
	tops, err := heads(ctx, l.DB.Shared())
	if err != nil {
		return nil, err
	}
	if len(tops) == 0 {
		return nil, fault.New(fault.Conflict, "calendar.no_organ")
	}
	var fresh []int
	_, err = l.Write(ctx, who, tops[0].ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		fresh = nil
		shared := tx.SharedTx()
		var list []any
		for i, y := range years {
			var was string
			err := shared.Row(ctx, `SELECT body FROM holiday_years WHERE year = $1`, y.Year).Scan(&was)
			if err != nil && !errors.Is(err, db.ErrNoRows) {
				return ledger.Act{}, err
			}
			if was == blocks[i] {
				continue
			}
			if _, err := shared.Exec(ctx, `INSERT INTO holiday_years (year, body, imported_at) VALUES ($1, $2, $3)
				ON CONFLICT (year) DO UPDATE SET body = $2, imported_at = $3`, y.Year, blocks[i], int64(tx.Now())); err != nil {
				return ledger.Act{}, err
			}
			fresh = append(fresh, y.Year)
			sum := sha256.Sum256([]byte(blocks[i]))
			entry := map[string]any{"year": y.Year, "sha256": hex.EncodeToString(sum[:])}
			var numbers []string
			for _, n := range y.Notices {
				numbers = append(numbers, n.Number)
			}
			entry["notices"] = numbers
			for _, b := range notes {
				if b.Year == y.Year {
					entry["given"], entry["law"] = b.Given, b.Law
				}
			}
			list = append(list, entry)
		}
		if len(fresh) == 0 {
			return ledger.Act{}, errNothing
		}
		return ledger.Act{Action: "calendar.import", Organ: tops[0].ID, Params: map[string]any{"years": list}}, nil
	})
	if err == errNothing {
		err = nil
	}
	return fresh, err
}

// yearBlocks cuts a text of notices into its years, without comments and spare space, so that the same notice typed
// twice is the same text.
func yearBlocks(text string) []string {
	var out []string
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if fields[0] == "年" {
			out = append(out, "")
		}
		if n := len(out); n > 0 {
			out[n-1] += strings.Join(fields, " ") + "\n"
		}
	}
	return out
}
