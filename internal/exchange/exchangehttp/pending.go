package exchangehttp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/web"
)

// Under what a person's pending import is kept, and that it was begun.
const (
	draftName = "import"
	begunName = "import.begun"
)

// pending is the file a person uploaded last.
type pending struct {
	Kind string        `json:"kind"`
	Name string        `json:"name"`
	On   calendar.Date `json:"on"`
	Body string        `json:"body"` // base64
	Sum  string        `json:"sum"`  // what a confirmation names it by
}

func (x *pending) hold(b []byte) {
	sum := sha256.Sum256(slices.Concat([]byte(x.Kind+"\x00"+string(x.On)+"\x00"), b))
	x.Body, x.Sum = base64.StdEncoding.EncodeToString(b), hex.EncodeToString(sum[:])
}

func (x pending) bytes() ([]byte, error) { return base64.StdEncoding.DecodeString(x.Body) }

// begun is what is known of a pending import that was confirmed: what its acts are known by, and since when.
type begun struct {
	Name   string           `json:"name"`
	Record id.Key           `json:"record"`
	At     calendar.Instant `json:"at"`
}

// put keeps something as a draft of the person's, in place of an earlier one.
func put(ctx context.Context, tx *db.Tx, who access.Actor, what string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO drafts (city_id, person_id, what, body, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (city_id, person_id, what) DO UPDATE SET body = $4, at = $5`,
		who.Person, what, string(b), int64(tx.Now()))
	return err
}

// get reads a draft of the person's, and says whether there is one.
func get(c *web.Ctx, what string, v any) (bool, error) {
	var body string
	err := c.Home().Row(c.Context(), `SELECT body FROM drafts WHERE city_id = $1 AND person_id = $2 AND what = $3`, c.Who.Person, what).Scan(&body)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal([]byte(body), v)
}

func drop(ctx context.Context, tx *db.Tx, who access.Actor, what string) error {
	_, err := tx.Exec(ctx, `DELETE FROM drafts WHERE city_id = $1 AND person_id = $2 AND what = $3`, who.Person, what)
	return err
}

// keep stores the file as the person's pending import.
func keep(ctx context.Context, d *db.DB, who access.Actor, x pending) error {
	return d.Scratch(ctx, who.City, func(tx *db.Tx) error {
		if err := drop(ctx, tx, who, begunName); err != nil {
			return err
		}
		return put(ctx, tx, who, draftName, x)
	})
}

func kept(c *web.Ctx) (pending, []byte, error) {
	var x pending
	there, err := get(c, draftName, &x)
	if err == nil && !there {
		err = fault.New(fault.Conflict, "import.gone")
	}
	if err != nil {
		return x, nil, err
	}
	b, err := x.bytes()
	return x, b, err
}

// begin notes that the pending import has been confirmed. One that was begun before goes on under the same record.
func begin(c *web.Ctx, x pending) (begun, error) {
	var g begun
	there, err := get(c, begunName, &g)
	if err != nil || there {
		return g, err
	}
	return g, c.Mux.DB.Scratch(c.Context(), c.Who.City, func(tx *db.Tx) error {
		g = begun{x.Name, tx.NewKey(), tx.Now()}
		return put(c.Context(), tx, c.Who, begunName, g)
	})
}

func forget(ctx context.Context, d *db.DB, who access.Actor) error {
	return d.Scratch(ctx, who.City, func(tx *db.Tx) error {
		if err := drop(ctx, tx, who, begunName); err != nil {
			return err
		}
		return drop(ctx, tx, who, draftName)
	})
}

// begunLine says how far the import came that the person confirmed and that has not ended; "" if there is none.
func (p *Pages) begunLine(c *web.Ctx) (string, error) {
	var g begun
	there, err := get(c, begunName, &g)
	if err != nil || !there {
		return "", err
	}
	n, err := p.Exchange.Written(c.Context(), c.Who, g.Record, g.At)
	return c.T("import.begun", g.Name, strconv.Itoa(n)), err
}
