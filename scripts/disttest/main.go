// Command disttest makes and reads the embedded databases that scripts/dist-test upgrades: "older FILE" makes one as a
// program one step older would have, with a row in it; "state FILE" says which version it is at and whether the row is there.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"qianshao/internal/app"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

const city, name = id.City(7), "kept through"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) != 3 {
		return errors.New("disttest older|state FILE")
	}
	d, err := db.Open(ctx, "sqlite:"+os.Args[2], db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	if os.Args[1] == "older" {
		if err := migrate.To(ctx, d, migrate.Latest()-1); err != nil {
			return err
		}
		if err := app.AddTenant(ctx, d, app.Tenant{City: city, Kind: "city", Name: name, Code: "990700000000"}); err != nil {
			return err
		}
	}
	v, err := migrate.Version(ctx, d)
	if err != nil {
		return err
	}
	var kept string
	if err := d.Shared().Row(ctx, `SELECT name FROM tenants WHERE city_id = $1`, int64(city)).Scan(&kept); err != nil {
		return err
	}
	fmt.Println(migrate.Latest()-v, kept)
	return nil
}
