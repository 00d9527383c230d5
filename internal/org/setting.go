package org

import (
	"context"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// timerKey is the setting that holds an organ's own length of a deadline; package flow reads it under this name when a
// clock begins.
const timerKey = "timer."

// TimerSetting is a length an organ set for itself, from a day on.
type TimerSetting struct {
	From   calendar.Date
	Length int
}

// TimerSettings reads what an organ set for itself, by rule, newest first.
func TimerSettings(ctx context.Context, r db.Reader, organ id.Key) (map[string][]TimerSetting, error) {
	out := map[string][]TimerSetting{}
	rows, err := r.Query(ctx, `SELECT s.key, s.from_on, s.value FROM settings s WHERE s.city_id = $1 AND s.unit_id = $2 ORDER BY s.key, s.from_on DESC`, organ)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, value string
		var s TimerSetting
		if err := rows.Scan(&key, &s.From, &value); err != nil {
			return nil, err
		}
		rule, ok := strings.CutPrefix(key, timerKey)
		if !ok {
			continue
		}
		if s.Length, err = strconv.Atoi(value); err != nil {
			return nil, err
		}
		out[rule] = append(out[rule], s)
	}
	return out, rows.Err()
}

// SetTimer sets the length of a deadline for the actor's organ, within what the regulations leave open. It holds for
// clocks that begin on the day or later.
func (s *Service) SetTimer(ctx context.Context, who access.Actor, rule string, length int, from calendar.Date) error {
	organ := who.Unit().OrganID()
	if !who.Automatic() && !(who.Can(access.RuleSet) && who.Is(access.Principal, organ)) {
		return fault.New(fault.Forbidden, "move.not_yours")
	}
	_, err := s.Ledger.Write(ctx, who, organ.City, func(tx *ledger.Tx) (ledger.Act, error) {
		switch {
		case !from.Valid():
			return ledger.Act{}, fault.InvalidField("from", "day.invalid")
		case from < tx.Today():
			return ledger.Act{}, fault.InvalidField("from", "day.past")
		}
		t, ok := s.Rules.Timer(rule, from)
		if !ok || t.Allowed == (rulebook.Bounds{}) {
			return ledger.Act{}, fault.Hidden()
		}
		if length < t.Allowed.Min || length > t.Allowed.Max {
			return ledger.Act{}, fault.InvalidField("length", "rule.bounds", itoa(t.Allowed.Min), itoa(t.Allowed.Max))
		}
		return ledger.Act{Action: "rule.set", Organ: organ, About: "rule/" + rule, Params: map[string]any{"rule": rule, "length": length, "unit": string(t.Unit), "from": string(from)}},
			PutSetting(ctx, tx, organ.Key, timerKey+rule, from, itoa(length))
	})
	return err
}

// PutSetting writes, as part of the caller's act, what a unit decided for itself from a day on (D21).
func PutSetting(ctx context.Context, tx *ledger.Tx, unit id.Key, key string, from calendar.Date, value string) error {
	have, err := db.Column[string](ctx, tx, `SELECT s.value FROM settings s WHERE s.city_id = $1 AND s.unit_id = $2 AND s.key = $3 AND s.from_on = $4`, unit, key, from)
	if err != nil {
		return err
	}
	if len(have) > 0 {
		return tx.Update(ctx, settingTable, unit, key, from, value)
	}
	return tx.Insert(ctx, settingTable, unit, key, from, value)
}
