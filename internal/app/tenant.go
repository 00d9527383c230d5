package app

import (
	"context"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Tenant is a city, or a province or the nation, whose rows stand for themselves.
type Tenant struct {
	City  id.City
	Kind  string
	Name  string
	Above id.City
	Code  string
}

// AddTenant makes a tenant known; only setting up does it.
func AddTenant(ctx context.Context, d *db.DB, t Tenant) error {
	return d.Write(ctx, 0, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO tenants (city_id, kind, name, above_id, code) VALUES ($1, $2, $3, $4, $5)`, int64(t.City), t.Kind, t.Name, int64(t.Above), t.Code)
		return err
	})
}

// Tenants lists every tenant of the deployment.
func Tenants(ctx context.Context, d *db.DB) ([]id.City, error) { return tenants(ctx, d.Shared()) }

func tenants(ctx context.Context, r db.Reader) ([]id.City, error) {
	return db.Column[id.City](ctx, r, `SELECT city_id FROM tenants ORDER BY city_id`)
}
