package exchange

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// mergedUnit is a unit that is no more, with the one that took its place, by name and by code.
type mergedUnit struct {
	unit           access.Unit
	on, into, code string
}

// loadMerged reads them: lists that people keep go on naming them for years.
func loadMerged(ctx context.Context, r db.Reader) (map[string][]mergedUnit, error) {
	list, err := db.All(ctx, r, func(rows *db.Rows) (m mergedUnit, err error) {
		return m, rows.Scan(&m.unit.Name, &m.unit.Code, &m.unit.County, &m.on, &m.into, &m.code)
	}, `SELECT u.name, u.code, u.county_id, x.on_day, i.name, i.code FROM reorganisations x JOIN units u ON u.city_id = x.city_id AND u.id = x.unit_id JOIN units i ON i.city_id = x.city_id AND i.id = x.into_id
		WHERE x.city_id = $1 AND x.state = '`+org.AppointGranted+`' AND x.kind = '`+org.UnitMerge+`' AND u.closed_on <> '' ORDER BY x.on_day, x.id`)
	out := map[string][]mergedUnit{}
	for _, m := range list {
		for _, k := range []string{m.unit.Name, m.unit.Code} {
			if k != "" {
				out[text.Name(k)] = append(out[text.Name(k)], m)
			}
		}
	}
	return out, err
}
