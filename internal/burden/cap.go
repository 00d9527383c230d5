package burden

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// capKey is the setting of a county that holds its cap, and the rulebook's limit that is the default.
const capKey = "burden.cap"

// limitUnused is how many days after its due day an ask is listed for ending.
const limitUnused = "burden.unused"

// Cap is how many minutes may be asked of a township of a county in a month, on a day.
func (s *Service) Cap(ctx context.Context, r db.Reader, county id.Key, on calendar.Date) (int64, error) {
	set, err := access.LoadSettings(ctx, r, county, on)
	if err != nil {
		return 0, err
	}
	return s.capOf(set, on), nil
}

// capOf is the cap among what is set, else the rulebook's.
func (s *Service) capOf(set access.Settings, on calendar.Date) int64 {
	if x := set.Int(capKey); x > 0 {
		return int64(x)
	}
	return int64(s.Rules.Limit(capKey, on))
}

// SetCap sets a county's cap from a day on, by its chief.
func (s *Service) SetCap(ctx context.Context, who access.Actor, county id.ID, minutes int64, from calendar.Date) error {
	if !s.sees(who, county) {
		return fault.Hidden()
	}
	if !who.Is(access.Principal, county) {
		return fault.New(fault.Forbidden, "move.not_yours")
	}
	_, err := s.Ledger.Write(ctx, who, county.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var form typed.Form
		if minutes < 1 || minutes > mostMin {
			form.Say("cap", "burden.minutes", n(mostMin))
		}
		form.Ahead("from", from, tx.Today(), true)
		if err := form.Err(); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "burden.cap", Organ: county, About: "unit/" + county.String(), Params: map[string]any{"minutes": minutes, "from": string(from)}},
			org.PutSetting(ctx, tx, county.Key, capKey, from, n(minutes))
	})
	return err
}

// sees says whether the account of everything in a county is the actor's to read.
func (s *Service) sees(who access.Actor, county id.ID) bool {
	return who.Scope(access.BurdenRead).Covers(access.Unit{ID: county, Kind: "county", Level: access.County, County: county.Key})
}
