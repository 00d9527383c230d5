package db

import (
	"math/bits"

	"qianshao/internal/id"
)

// First appends a select of the first rows that several tenants have together. Each tenant's come in the order asked for out of
// an index, and are merged: SQLite takes from each only as many as are wanted, PostgreSQL the limit of each.
//
// from is a table under an alias, with what is joined to it; order are names among columns. where adds what narrows one
// tenant's rows. A row begins with its tenant.
func (d *DB) First(b *Builder, cities []id.City, from, alias, columns string, where func(*Builder), order string, limit int) *Builder {
	if d.Engine == Postgres {
		b.Add(`SELECT z.city_id, ` + columns + ` FROM tenants z, LATERAL (SELECT ` + columns + ` FROM ` + from + ` WHERE ` + alias + `.city_id = z.city_id`)
		where(b)
		b.Add(` ORDER BY `+order+` LIMIT ?) `+alias+` WHERE `, limit).Among("z.city_id", cities)
		return b.Add(` ORDER BY `+order+` LIMIT ?`, limit)
	}
	for i, city := range cities {
		b.If(i > 0, ` UNION ALL `)
		b.Add(`SELECT `+alias+`.city_id, `+columns+` FROM tenants z CROSS JOIN `+from+` WHERE z.city_id = ? AND `+alias+`.city_id = z.city_id`, int64(city))
		where(b)
	}
	return b.Add(` ORDER BY `+order+` LIMIT ?`, limit)
}

// Among appends that a column is one of some tenants'.
func (b *Builder) Among(column string, cities []id.City) *Builder {
	b.Add(column+` IN (?`, int64(cities[0]))
	for _, c := range cities[1:] {
		b.Add(`, ?`, int64(c))
	}
	return b.Add(`)`)
}

// BuildOf begins a statement on rows of several tenants by their names: w (city_id, id) are those, and each table is joined
// to them. They are filled up with what names nothing until there are 1, 2, 4, 8 …, as In fills up its list.
func BuildOf(ids []id.ID, part string, args ...any) *Builder {
	b := BuildShared(`WITH w (city_id, id) AS (VALUES `)
	for i := range 1 << bits.Len(uint(max(len(ids), 1)-1)) {
		var x id.ID
		if i < len(ids) {
			x = ids[i]
		}
		b.If(i > 0, `, `).Add(`(CAST(? AS BIGINT), CAST(? AS TEXT))`, int64(x.City), x.Key)
	}
	return b.Add(`) `+part, args...)
}
