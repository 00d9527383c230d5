package account

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// NewAccount is an account to create. Its password is good for the first sign-in only; OneTime makes a good one.
type NewAccount struct {
	Person   id.Key
	Login    string
	Password string
}

var reLogin = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,31}$`)

// Create gives a person an account. It is the system administrator's act; the person must set their own password at
// the first sign-in, and a second factor if they owe one.
func (s *Service) Create(ctx context.Context, who access.Actor, in NewAccount) (id.Key, error) {
	s.setup()
	if err := mayAny(who); err != nil {
		return "", err
	}
	login := text.Fold(in.Login)
	if !reLogin.MatchString(login) {
		return "", fault.InvalidField("login", "login.invalid")
	}
	name, err := personName(ctx, s.Ledger.DB.In(who.City), in.Person)
	if err != nil {
		return "", err
	}
	if err := s.Policy.checkPassword(in.Password, login, name); err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, in.Password)
	if err != nil {
		return "", err
	}
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		organ, err := organOf(ctx, tx, in.Person)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := may(who, organ, in.Person); err != nil {
			return ledger.Act{}, err
		}
		posts, err := postsOf(ctx, tx, in.Person, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		if err := separate(posts); err != nil {
			return ledger.Act{}, err
		}
		a := row{ID: tx.NewID(), person: in.Person, login: login, password: hash, mustChange: true, resetBy: hand(who), changedAt: int64(tx.Now()), version: 1}
		if err := takeLogin(ctx, tx, login, a.ID.Key); err != nil {
			return ledger.Act{}, err
		}
		err = tx.Insert(ctx, accountTable, a.values()...)
		if db.Unique(err) {
			err = fault.New(fault.Conflict, "account.exists")
		}
		return ledger.Act{Action: "account.create", Organ: organ, About: about(a.ID), Params: map[string]any{"login": login, "person": in.Person}, Answer: a.ID.Key}, err
	})
	if err == nil && rc.Replayed {
		err = fault.New(fault.Conflict, "account.shown_once") // the password at hand is not the one that was stored
	}
	return rc.Answer, err
}

func personName(ctx context.Context, r db.Reader, person id.Key) (name string, err error) {
	err = r.Row(ctx, `SELECT p.name FROM people p WHERE p.city_id = $1 AND p.id = $2`, person).Scan(&name)
	if errors.Is(err, db.ErrNoRows) {
		return "", fault.Hidden()
	}
	return name, err
}

func takeLogin(ctx context.Context, tx *ledger.Tx, login string, account id.Key) error {
	n, err := tx.SharedTx().Exec(ctx, `INSERT INTO logins (login, city_id, account_id) VALUES ($1, $2, $3) ON CONFLICT (login) DO NOTHING`, login, int64(tx.City()), account)
	if err == nil && n == 0 {
		return fault.InvalidField("login", "login.taken")
	}
	return err
}

// ReadyAccount is an account made with a password already hashed (Cost.Hash) that its person keeps.
type ReadyAccount struct {
	Person id.Key
	Login  string
	Hash   string
	Lang   string
}

// CreateMany makes accounts in the transaction of a caller that says so in its act. Only the demonstration's builder
// does: whoever made the hash knows the password.
func CreateMany(ctx context.Context, tx *ledger.Tx, in []ReadyAccount) error {
	rows := make([][]any, len(in))
	for i, n := range in {
		login := text.Fold(n.Login)
		if _, _, _, ok := parseHash(n.Hash); !ok || !reLogin.MatchString(login) {
			return fault.InvalidField("login", "login.invalid")
		}
		a := row{ID: tx.NewID(), person: n.Person, login: login, password: n.Hash, lang: n.Lang, changedAt: int64(tx.Now()), version: 1}
		if err := takeLogin(ctx, tx, login, a.ID.Key); err != nil {
			return err
		}
		rows[i] = a.values()
	}
	return tx.InsertMany(ctx, accountTable, rows)
}

// mayAny says whether the actor administers any accounts at all.
func mayAny(who access.Actor) error {
	if who.Kind == access.Operator {
		return nil
	}
	for _, h := range who.Hats {
		if h.For == "" && h.Gives(access.SysAdmin) {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "account.not_admin")
}

// may says whether the actor administers a person's account: a county's administrator those of the county, a city's
// those of the whole tenant; nobody their own.
func may(who access.Actor, organ id.ID, person id.Key) error {
	if err := mayAny(who); err != nil {
		return err
	}
	if who.Kind == access.Operator {
		return nil
	}
	if person == who.Person {
		return fault.New(fault.Forbidden, "account.own")
	}
	for _, h := range who.Hats {
		if h.For == "" && h.Gives(access.SysAdmin) && (h.Unit.OrganID() == organ || h.Unit.Level < access.County && h.Unit.ID.City == organ.City) {
			return nil
		}
	}
	return fault.Hidden()
}

// hand names who took one of the two ways in away.
func hand(who access.Actor) string {
	if who.Automatic() {
		return string(who.Kind)
	}
	return who.Person
}

// administer changes somebody's account as their administrator.
func (s *Service) administer(ctx context.Context, who access.Actor, account id.Key, do func(*ledger.Tx, *row) (ledger.Act, error)) (ledger.Receipt, error) {
	s.setup()
	if err := mayAny(who); err != nil {
		return ledger.Receipt{}, err
	}
	return s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		a, err := get(ctx, tx, account)
		if errors.Is(err, db.ErrNoRows) {
			return ledger.Act{}, fault.Hidden()
		}
		if err != nil {
			return ledger.Act{}, err
		}
		organ, err := organOf(ctx, tx, a.person)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := may(who, organ, a.person); err != nil {
			return ledger.Act{}, err
		}
		act, err := do(tx, &a)
		if err != nil {
			return act, err
		}
		act.Organ, act.About = organ, about(a.ID)
		return act, a.save(ctx, tx)
	})
}

// Reset gives a person who forgot theirs a one-time password, which must be changed at once and is good for three
// days. It is shown this once; all sessions end; the second factors stay.
func (s *Service) Reset(ctx context.Context, who access.Actor, account id.Key) (password string, err error) {
	if err := mayAny(who); err != nil {
		return "", err
	}
	password = OneTime()
	hash, err := s.hash(ctx, password)
	if err != nil {
		return "", err
	}
	rc, err := s.administer(ctx, who, account, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		if a.clearedBy == hand(who) {
			return ledger.Act{}, fault.New(fault.Forbidden, "account.two_hands")
		}
		a.password, a.mustChange, a.resetBy, a.changedAt = hash, true, hand(who), int64(tx.Now())
		return ledger.Act{Action: "account.reset"}, newEpoch(ctx, tx, a, "", "")
	})
	if err == nil && rc.Replayed {
		err = fault.New(fault.Conflict, "account.shown_once")
	}
	if err != nil {
		return "", err
	}
	return password, nil
}

// ClearSecond takes away the second factors of a person who lost them; they enrol anew with their own password. Whoever
// gave out the one-time password now in force can't do this as well.
func (s *Service) ClearSecond(ctx context.Context, who access.Actor, account id.Key) error {
	_, err := s.administer(ctx, who, account, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		if a.resetBy == hand(who) {
			return ledger.Act{}, fault.New(fault.Forbidden, "account.two_hands")
		}
		if !a.hasSecond() {
			return ledger.Act{}, fault.New(fault.Conflict, "second.none")
		}
		keys, err := db.Column[string](ctx, tx, `SELECT id FROM passkeys WHERE city_id = $1 AND account_id = $2 AND removed_on = ''`, a.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		for _, k := range keys {
			if _, err := dropPasskey(ctx, tx, a, k); err != nil {
				return ledger.Act{}, err
			}
		}
		a.totp, a.totpLast, a.recovery, a.clearedBy = "", 0, "", hand(who)
		return ledger.Act{Action: "account.clear_second"}, newEpoch(ctx, tx, a, "", "")
	})
	return err
}

// Disable shuts an account; all its sessions end at once.
func (s *Service) Disable(ctx context.Context, who access.Actor, account id.Key) error {
	return s.able(ctx, who, account, true)
}

// Enable opens a shut account again, with the password it had.
func (s *Service) Enable(ctx context.Context, who access.Actor, account id.Key) error {
	return s.able(ctx, who, account, false)
}

func (s *Service) able(ctx context.Context, who access.Actor, account id.Key, disabled bool) error {
	_, err := s.administer(ctx, who, account, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		if a.disabled == disabled {
			return ledger.Act{}, fault.Stale()
		}
		a.disabled = disabled
		if !disabled {
			return ledger.Act{Action: "account.enable"}, nil
		}
		return ledger.Act{Action: "account.disable"}, newEpoch(ctx, tx, a, "", "")
	})
	return err
}

// Account is an account as its administrator sees it.
type Account struct {
	ID         id.ID
	Person     id.Key
	Name       string
	Login      string
	Post       string // kind of the post held today, or left last
	Unit       string // what its unit is called, the organ's name where it has one
	Disabled   bool
	MustChange bool
	TOTP       bool
	Passkeys   int
}

// accountsBy begins a statement for the accounts the actor administers.
func accountsBy(who access.Actor, today string) (*db.Builder, error) {
	b := db.Build(`SELECT a.id, a.person_id, p.name, a.login, COALESCE(`+postSQL("h.kind", "?")+`, ''), COALESCE(`+postSQL("u.kind", "?")+`, ''), COALESCE(`+postSQL("u.name", "?")+`, ''), a.disabled, a.must_change, a.totp,
		(SELECT count(k.id) FROM passkeys k WHERE k.city_id = a.city_id AND k.account_id = a.id AND k.removed_on = '')
		FROM accounts a`+rowFrom+` WHERE a.city_id = $1`, today, today, today)
	return b, within(b, who, today)
}

func scanAccount(city id.City) func(*db.Rows) (Account, error) {
	return func(rows *db.Rows) (Account, error) {
		a, u, totp := Account{ID: id.ID{City: city}}, access.Unit{}, ""
		err := rows.Scan(&a.ID.Key, &a.Person, &a.Name, &a.Login, &a.Post, &u.Kind, &u.Name, &a.Disabled, &a.MustChange, &totp, &a.Passkeys)
		a.Unit, a.TOTP = u.Commission(), totp != ""
		return a, err
	}
}

// List shows an administrator the accounts they administer, by login, from the one that follows after; part narrows to
// logins or names that contain it.
func (s *Service) List(ctx context.Context, who access.Actor, part, after string, limit int) ([]Account, error) {
	r := s.Ledger.DB.In(who.City)
	b, err := accountsBy(who, string(r.Now().Date()))
	if err != nil {
		return nil, err
	}
	contains(b, part, "a.login", "p.name")
	q, args := b.If(after != "", ` AND a.login > ?`, after).Add(` ORDER BY a.login LIMIT ?`, limit).SQL()
	return db.All(ctx, r, scanAccount(who.City), q, args...)
}

// Get is one account of List; another administrator's is as absent as an unknown one.
func (s *Service) Get(ctx context.Context, who access.Actor, account id.Key) (Account, error) {
	return one(ctx, s.Ledger.DB.In(who.City), who, account)
}

// Open is Get for an administrator who looks into one account: an act before anything is shown (D12).
func (s *Service) Open(ctx context.Context, who access.Actor, account id.Key) (a Account, err error) {
	if err := mayAny(who); err != nil {
		return a, err
	}
	who.Request = access.Request{} // each opening is one of its own
	_, err = s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if a, err = one(ctx, tx, who, account); err != nil {
			return ledger.Act{}, err
		}
		organ, err := organOf(ctx, tx, a.Person)
		return ledger.Act{Action: "account.read", Organ: organ, About: about(a.ID), Params: map[string]any{"login": a.Login}}, err
	})
	return a, err
}

func one(ctx context.Context, r db.Reader, who access.Actor, account id.Key) (Account, error) {
	b, err := accountsBy(who, string(r.Now().Date()))
	if err != nil {
		return Account{}, err
	}
	q, args := b.Add(` AND a.id = ?`, account).SQL()
	as, err := db.All(ctx, r, scanAccount(who.City), q, args...)
	if err != nil {
		return Account{}, err
	}
	if len(as) == 0 {
		return Account{}, fault.Hidden()
	}
	return as[0], nil
}

// Candidate is somebody with the post they hold; among Candidates, one who has no account yet.
type Candidate struct {
	Person id.Key
	Name   string
	Post   string
	Unit   string
}

// Candidates lists whom an administrator could give an account.
func (s *Service) Candidates(ctx context.Context, who access.Actor, part string, limit int) ([]Candidate, error) {
	r := s.Ledger.DB.In(who.City)
	today := r.Now().Date()
	b := db.Build(`SELECT p.id, p.name, `+postSQL("h.kind", "?")+`, `+postSQL("u.kind", "?")+`, `+postSQL("u.name", "?")+` FROM people p WHERE p.city_id = $1
		AND EXISTS (SELECT 1 FROM holdings c WHERE c.city_id = p.city_id AND c.person_id = p.id AND c.from_on <= ? AND (c.to_on = '' OR c.to_on > ?))
		AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.city_id = p.city_id AND a.person_id = p.id)`, today, today, today, today, today)
	if err := within(b, who, string(today)); err != nil {
		return nil, err
	}
	contains(b, part, "p.name", "p.pinyin")
	q, args := b.Add(` ORDER BY p.pinyin, p.id LIMIT ?`, limit).SQL()
	return db.All(ctx, r, scanCandidate, q, args...)
}

func scanCandidate(rows *db.Rows) (c Candidate, err error) {
	var u access.Unit
	err = rows.Scan(&c.Person, &c.Name, &c.Post, &u.Kind, &u.Name)
	c.Unit = u.Commission()
	return c, err
}

// Names reads people of a tenant with the post they hold today or left last, for whoever reads what they did.
func Names(ctx context.Context, r db.Reader, people []id.Key) ([]Candidate, error) {
	today := r.Now().Date()
	q, args := db.Build(`SELECT p.id, p.name, COALESCE(`+postSQL("h.kind", "?")+`, ''), COALESCE(`+postSQL("u.kind", "?")+`, ''), COALESCE(`+postSQL("u.name", "?")+`, '') FROM people p WHERE p.city_id = $1`, today, today, today).In(" AND ", "p.id", people).SQL()
	return db.All(ctx, r, scanCandidate, q, args...)
}

// within narrows a list of people p to those whose accounts the actor administers.
func within(b *db.Builder, who access.Actor, today string) error {
	if err := mayAny(who); err != nil || who.Kind == access.Operator {
		return err
	}
	var organs []string
	for _, h := range who.Hats {
		if h.For != "" || !h.Gives(access.SysAdmin) {
			continue
		}
		if h.Unit.Level < access.County {
			return nil
		}
		organs = append(organs, h.Unit.Organ)
	}
	b.Add(` AND `+postSQL("u.organ_id", "?")+` IN (?`+strings.Repeat(", ?", len(organs)-1)+`)`, append([]any{today}, anys(organs)...)...)
	return nil
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = x
	}
	return out
}

func contains(b *db.Builder, part, one, other string) {
	part = strings.NewReplacer("%", "", "_", "", `\`, "").Replace(text.Fold(part))
	if part != "" {
		b.Add(` AND (lower(`+one+`) LIKE ? OR lower(`+other+`) LIKE ?)`, "%"+part+"%", "%"+part+"%")
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
