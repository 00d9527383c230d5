package account

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

var accountTable = &ledger.Table{Name: "accounts", Key: []string{"id"}, Cols: []string{"person_id", "login", "password", "totp", "totp_last", "recovery",
	"must_change", "reset_by", "cleared_by", "disabled", "lang", "epoch", "changed_at", "version"}, Version: "version"}

var passkeyTable = &ledger.Table{Name: "passkeys", Key: []string{"id"}, Cols: []string{"account_id", "name", "credential", "added_on", "removed_on"}}

// Tables are the covered tables of this package: whoever puts another hash beside a login is found out.
func Tables() []*ledger.Table { return []*ledger.Table{accountTable, passkeyTable} }

// row is an account as it is stored, with the person's name and how many passkeys there are.
type row struct {
	ID         id.ID
	person     id.Key
	login      string
	password   string
	totp       string
	totpLast   int64 // the step of the last code that was used
	recovery   string
	mustChange bool
	resetBy    string
	clearedBy  string
	disabled   bool
	lang       string
	epoch      int64
	changedAt  int64
	version    int64

	name     string
	passkeys int
}

const rowCols = `a.id, a.person_id, a.login, a.password, a.totp, a.totp_last, a.recovery, a.must_change, a.reset_by, a.cleared_by, a.disabled, a.lang, a.epoch, a.changed_at, a.version, p.name,
	(SELECT count(k.id) FROM passkeys k WHERE k.city_id = a.city_id AND k.account_id = a.id AND k.removed_on = '')`

const rowFrom = ` JOIN people p ON p.city_id = a.city_id AND p.id = a.person_id`

func (a *row) dest() []any {
	return []any{&a.ID.Key, &a.person, &a.login, &a.password, &a.totp, &a.totpLast, &a.recovery, &a.mustChange, &a.resetBy, &a.clearedBy, &a.disabled, &a.lang, &a.epoch,
		&a.changedAt, &a.version, &a.name, &a.passkeys}
}

func (a row) values() []any {
	return []any{a.ID.Key, a.person, a.login, a.password, a.totp, a.totpLast, a.recovery, a.mustChange, a.resetBy, a.clearedBy, a.disabled, a.lang, a.epoch, a.changedAt, a.version}
}

// save writes the row whole; a row changed meanwhile is stale.
func (a *row) save(ctx context.Context, tx *ledger.Tx) error {
	err := tx.Update(ctx, accountTable, a.values()...)
	a.version++
	return err
}

// hasSecond says whether there is a second factor to ask for.
func (a row) hasSecond() bool { return a.totp != "" || a.passkeys > 0 }

func (a row) codes() []string { return strings.Fields(a.recovery) }

func about(account id.ID) string { return "account/" + account.String() }

// get reads an account; ErrNoRows if there is none.
func get(ctx context.Context, r db.Reader, key id.Key) (row, error) {
	a := row{}
	err := r.Row(ctx, `SELECT `+rowCols+` FROM accounts a`+rowFrom+` WHERE a.city_id = $1 AND a.id = $2`, key).Scan(a.dest()...)
	if err == nil {
		a.ID.City = r.City()
	}
	return a, err
}

// byLogin finds an account by what was typed. Of a login that nobody has it reads as much as of any other.
func (s *Service) byLogin(ctx context.Context, login string) (row, error) {
	city, key := id.City(1), ""
	err := s.Ledger.DB.Shared().Row(ctx, `SELECT city_id, account_id FROM logins WHERE login = $1`, login).Scan(&city, &key)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return row{}, err
	}
	a, err := get(ctx, s.Ledger.DB.In(city), key)
	if errors.Is(err, db.ErrNoRows) {
		return row{}, nil
	}
	return a, err
}

// Post is a post that a person can act in today.
type Post struct {
	Holding id.Key
	Kind    string
	Title   string
	Acting  bool
	Unit    access.Unit
}

// postsOf lists a person's posts of today, the highest unit first.
func postsOf(ctx context.Context, r db.Reader, person id.Key, today calendar.Date) ([]Post, error) {
	held, err := access.Holdings(ctx, r, person, today)
	return own(held), err
}

// own are the posts that are the person's own, of all that they have or were given.
func own(held []access.Held) []Post {
	var out []Post
	for _, h := range held {
		if h.For == "" {
			out = append(out, Post{Holding: h.Holding, Kind: h.Kind, Title: h.Title, Acting: h.Acting, Unit: h.Unit})
		}
	}
	return out
}

// postSQL is a column of the post a person p stands for: one of today, else the one left last. today is the mark of its
// parameter.
func postSQL(column, today string) string {
	return `(SELECT ` + column + ` FROM holdings h JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
	WHERE h.city_id = p.city_id AND h.person_id = p.id ORDER BY CASE WHEN h.to_on = '' OR h.to_on > ` + today + ` THEN 0 ELSE 1 END, u.level, h.from_on DESC, h.id LIMIT 1)`
}

// organOf is the organ whose log a person's account is written up in.
func organOf(ctx context.Context, r db.Reader, person id.Key) (id.ID, error) {
	var organ *string
	err := r.Row(ctx, `SELECT `+postSQL("u.organ_id", "$2")+` FROM people p WHERE p.city_id = $1 AND p.id = $3`, r.Now().Date(), person).Scan(&organ)
	if errors.Is(err, db.ErrNoRows) {
		return id.ID{}, fault.Hidden()
	}
	if err != nil {
		return id.ID{}, err
	}
	if organ != nil && *organ != "" {
		return id.ID{City: r.City(), Key: *organ}, nil
	}
	top, err := access.Top(ctx, r) // somebody who never held a post
	return top.ID, err
}

// actor is the person of an account as the author of an act: in the given post, or in none yet.
func actor(ctx context.Context, r db.Reader, a row, holding id.Key) (access.Actor, error) {
	who := access.Actor{City: a.ID.City, Person: a.person, Name: a.name}
	if holding != "" {
		var err error
		if who, err = access.Load(ctx, r, a.person, holding, r.Now().Date()); err != nil {
			return access.Actor{}, err
		}
	}
	who.Account = a.ID.Key
	return who, nil
}

var url64 = base64.RawURLEncoding
