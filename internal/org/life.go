package org

import (
	"context"
	"strconv"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// The years of somebody who works: nobody works before the one age, nobody is taken to be in a post at the other.
const (
	leastAge = 16
	mostAge  = 100
)

// CheckLife says what can't be of somebody born in a month (YYYY-MM, "" if that is not known) who takes a post on a day ("" if
// they take none) after some months of discipline work: as faults of the fields born and discipline_months.
func CheckLife(born string, months int, from, today calendar.Date) []fault.Field {
	began := today // of the post, or the day by which the months were worked
	if from.Valid() {
		began = from
	}
	if born == "" {
		if most := (mostAge - leastAge) * 12; months > most {
			return []fault.Field{{Name: "discipline_months", Code: "person.months", Args: []string{strconv.Itoa(most)}}}
		}
		return nil
	}
	bad := func(code string, args ...string) []fault.Field {
		return []fault.Field{{Name: "born", Code: code, Args: args}}
	}
	now, ok := ageMonths(born, today)
	then, begun := ageMonths(born, min(began, today))
	switch {
	case !calendar.Date(born + "-01").Valid():
		return bad("appoint.born")
	case !ok || now < leastAge*12:
		return bad("person.young", strconv.Itoa(leastAge))
	case now >= mostAge*12:
		return bad("person.old", strconv.Itoa(mostAge))
	case !begun || then < leastAge*12:
		return bad("person.began_young", string(began), strconv.Itoa(leastAge))
	case months > then-leastAge*12:
		return []fault.Field{{Name: "discipline_months", Code: "person.months", Args: []string{strconv.Itoa(then - leastAge*12)}}}
	}
	return nil
}

// once refuses somebody a post of a township's establishment while they hold another: every measure of the staff would count them
// twice. Whoever stands in (临时主持) holds none, and posts elsewhere stand beside one.
func once(ctx context.Context, r db.Reader, person id.Key, from calendar.Date) error {
	q, args := db.Build(`SELECT u.name FROM holdings h JOIN posts p ON p.city_id = h.city_id AND p.id = h.post_id JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
		WHERE h.city_id = $1 AND h.person_id = ? AND h.acting = FALSE AND (h.to_on = '' OR h.to_on > ?) AND p.established = TRUE AND u.kind = 'township'`, person, from).
		In(" AND ", "h.kind", Establishment).Add(` ORDER BY h.from_on, h.id`).SQL()
	held, err := db.Column[string](ctx, r, q, args...)
	if err == nil && len(held) > 0 {
		err = fault.New(fault.Conflict, "appoint.elsewhere", held[0])
	}
	return err
}
