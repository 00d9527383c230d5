package account

import (
	"context"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// SignedIn is what a right password gives.
type SignedIn struct {
	Token      string
	Stage      string
	Due        string // as in Session
	Device     string // what the browser keeps, to be known next time; it counts once the sign-in is whole
	Account    id.ID
	Posts      []Post
	MustChange bool
	MustEnrol  bool
	Lang       string
	Ends       int64
}

func failed() error { return fault.New(fault.Unauthenticated, "signin.failed") }

// SignIn checks a login and password and begins a session. device is what an earlier sign-in gave this browser, "" if
// it has none.
func (s *Service) SignIn(ctx context.Context, login, password, device string) (SignedIn, error) {
	s.setup()
	if len(password) > maxPassword || len(login) > maxPassword {
		return SignedIn{}, failed() // says nothing about any account: none is like that
	}
	login = text.Fold(login)
	a, err := s.byLogin(ctx, login)
	if err != nil {
		return SignedIn{}, err
	}
	b, err := s.signInBudget(ctx, a, login, device)
	if err != nil {
		return SignedIn{}, err
	}
	ok, cost, n, err := s.evaluate(ctx, b, password, a.password)
	if err != nil {
		return SignedIn{}, err
	}
	if !ok || a.ID.Zero() || a.disabled {
		if err := s.missed(ctx, a, b, n, "password"); err != nil {
			return SignedIn{}, err
		}
		return SignedIn{}, failed()
	}
	if a.mustChange && int64(s.Ledger.DB.Now()) > a.changedAt+micros(s.Policy.OneTime) {
		return SignedIn{}, fault.New(fault.Forbidden, "signin.one_time_over")
	}
	r := s.Ledger.DB.In(a.ID.City)
	posts, err := postsOf(ctx, r, a.person, r.Now().Date())
	if err != nil {
		return SignedIn{}, err
	}
	if len(posts) == 0 {
		return SignedIn{}, fault.New(fault.Forbidden, "signin.no_post")
	}
	if err := separate(posts); err != nil {
		return SignedIn{}, err
	}
	if cost != s.Policy.Cost {
		if err := s.rehash(ctx, a, password); err != nil {
			return SignedIn{}, err
		}
	}
	if !b.known {
		device = url64.EncodeToString(chance(32))
	}
	return s.begin(ctx, a, b, n, posts, device)
}

// Shown lists those of some logins that exist, with whom they are, for the demonstration's sign-in page.
func (s *Service) Shown(ctx context.Context, logins []string) ([]Account, error) {
	var out []Account
	for _, login := range logins {
		a, err := s.byLogin(ctx, login)
		if err != nil {
			return nil, err
		}
		if a.ID.Zero() || a.disabled {
			continue
		}
		r := s.Ledger.DB.In(a.ID.City)
		posts, err := postsOf(ctx, r, a.person, r.Now().Date())
		if err != nil {
			return nil, err
		}
		if len(posts) > 0 {
			out = append(out, Account{ID: a.ID, Person: a.person, Name: a.name, Login: a.login, Post: posts[0].Kind, Unit: posts[0].Unit.Commission()})
		}
	}
	return out, nil
}

func (s *Service) signInBudget(ctx context.Context, a row, login, device string) (budget, error) {
	if a.ID.Zero() {
		return s.pick(ctx, s.nobody(login), "d/", nil)
	}
	if len(device) != 43 { // not of our making
		device = ""
	} else {
		device = digest(device)
	}
	return s.budgetOf(ctx, a.ID, device)
}

// evaluate waits for a slot, spends an attempt and only then hashes. The hash of an account that does not exist costs
// the same.
func (s *Service) evaluate(ctx context.Context, b budget, password, stored string) (ok bool, cost Cost, n int64, err error) {
	release, err := s.slot(ctx)
	if err != nil {
		return false, cost, 0, err
	}
	defer release()
	if n, err = s.spend(ctx, b); err != nil {
		return false, cost, n, err
	}
	s.evaluated.Add(1)
	if stored == "" {
		_, cost = matches(s.dummy, password)
		return false, cost, n, nil
	}
	ok, cost = matches(stored, password)
	return ok, cost, n, nil
}

// rehash stores the password at today's cost; only now is it at hand.
func (s *Service) rehash(ctx context.Context, a row, password string) error {
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	was := a.password
	_, err = s.Ledger.Write(ctx, access.ByProgram(a.ID.City), a.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		now, err := get(ctx, tx, a.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if now.password != was {
			return ledger.Act{}, failed() // changed while we hashed
		}
		organ, err := organOf(ctx, tx, a.person)
		if err != nil {
			return ledger.Act{}, err
		}
		now.password = hash
		return ledger.Act{Action: "account.rehash", Organ: organ, About: about(a.ID)}, now.save(ctx, tx)
	})
	return err
}

// begin writes the session: as scratch while a step is owed, else with the act that says who signed in.
func (s *Service) begin(ctx context.Context, a row, b budget, n int64, posts []Post, device string) (SignedIn, error) {
	token, hash := newToken(a.ID.City)
	now := int64(s.Ledger.DB.Now())
	l := live{row: a, token: token, hash: hash, stage: StageFull, device: digest(device), created: now, seen: now, ends: now + micros(s.Policy.Absolute)}
	if a.hasSecond() || s.Policy.owesSecond(posts) {
		l.stage, l.ends = StagePassword, now+micros(s.Policy.SecondWithin)
	}
	if len(posts) == 1 {
		l.holding = posts[0].Holding
	}
	idle := min(l.ends, now+micros(s.Policy.Idle))
	if l.stage == StagePassword {
		idle = l.ends
	}
	insert := func(tx *db.Tx) error {
		// What has run out of this account's goes when a new one comes.
		if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE city_id = $1 AND account_id = $2 AND (ends_at <= $3 OR idle_until <= $3)`, a.ID.Key, now); err != nil {
			return err
		}
		if err := forgive(ctx, tx, b); err != nil {
			return err
		}
		return putSession(ctx, tx, l, "", idle)
	}
	var err error
	if l.stage == StagePassword {
		err = s.Ledger.DB.Scratch(ctx, a.ID.City, insert)
	} else {
		err = s.signed(ctx, l, n-1, "none", b, insert)
	}
	if err != nil {
		return SignedIn{}, err
	}
	ss := s.session(l, posts)
	return SignedIn{Token: token, Stage: l.stage, Due: ss.Due, Device: device, Account: a.ID, Posts: posts, MustChange: a.mustChange || s.aged(a),
		MustEnrol: l.stage == StagePassword && !a.hasSecond(), Lang: a.lang, Ends: l.ends}, nil
}

func putSession(ctx context.Context, tx *db.Tx, l live, name string, idle int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO sessions (city_id, token, account_id, holding_id, stage, name, device, epoch, created_at, seen_at, idle_until, ends_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, l.hash, l.ID.Key, l.holding, l.stage, name, l.device, l.epoch, l.created, l.seen, idle, l.ends)
	return err
}

// signed writes the act of a whole sign-in. before is how many attempts failed since the last one, second the kind of
// the second step.
func (s *Service) signed(ctx context.Context, l live, before int64, second string, b budget, do func(*db.Tx) error) error {
	r := s.Ledger.DB.In(l.ID.City)
	who, err := actor(ctx, r, l.row, l.holding)
	if err != nil {
		return err
	}
	_, err = s.Ledger.Write(ctx, who, l.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if err := do(tx.Tx); err != nil {
			return ledger.Act{}, err
		}
		if err := know(ctx, tx.Tx, l.ID, l.device); err != nil {
			return ledger.Act{}, err
		}
		return s.signedAct(ctx, tx, l, before, second, b)
	})
	return err
}

func (s *Service) signedAct(ctx context.Context, tx *ledger.Tx, l live, before int64, second string, b budget) (ledger.Act, error) {
	organ, err := organOf(ctx, tx, l.person)
	params := map[string]any{"device": b.device(), "second": second}
	if before > 0 {
		params["failed_before"] = before
	}
	return ledger.Act{Action: "account.sign_in", Organ: organ, About: about(l.ID), Params: params}, err
}

// Second takes the second step of a sign-in: an authenticator's code, or a recovery code.
func (s *Service) Second(ctx context.Context, token, code string) error {
	l, _, err := s.find(ctx, token)
	if err != nil {
		return err
	}
	switch {
	case l.stage == StageProgram:
		return fault.New(fault.Forbidden, "session.program")
	case l.stage == StageFull:
		return nil // done before; the page was sent twice
	case !l.hasSecond():
		return fault.New(fault.Conflict, "second.none")
	}
	b, err := s.stepBudget(ctx, "s", l.ID, l.device)
	if err != nil {
		return err
	}
	n, err := s.spend(ctx, b)
	if err != nil {
		return err
	}
	code = normalCode(code)
	kind := "totp"
	if len(code) != totpDigits {
		kind = "recovery"
	}
	err = s.complete(ctx, l, n-1, kind, b, func(tx *ledger.Tx, a *row) error {
		if kind == "totp" {
			return s.useTOTP(tx, a, code)
		}
		return useRecovery(a, code)
	})
	if fault.Code(err) == "stale" {
		err = wrongCode() // the same code came twice at once, and the other one had it
	}
	if fault.Code(err) == "invalid" {
		if e := s.missed(ctx, l.row, b, n, "second"); e != nil {
			return e
		}
	}
	return err
}

func wrongCode() error { return fault.InvalidField("code", "second.failed") }

// complete makes a session whole, in one transaction with what the second step used up.
func (s *Service) complete(ctx context.Context, l live, before int64, kind string, b budget, use func(*ledger.Tx, *row) error) error {
	r := s.Ledger.DB.In(l.ID.City)
	who, err := actor(ctx, r, l.row, l.holding)
	if err != nil {
		return err
	}
	_, err = s.Ledger.Write(ctx, who, l.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		now, err := find(ctx, tx, l.token)
		if err != nil {
			return ledger.Act{}, err
		}
		if use != nil {
			if err := use(tx, &now.row); err != nil {
				return ledger.Act{}, err
			}
			if err := now.save(ctx, tx); err != nil {
				return ledger.Act{}, err
			}
		}
		ends := now.created + micros(s.Policy.Absolute)
		if err := tx.ExecOne(ctx, ended(), `UPDATE sessions SET stage = 'full', seen_at = $3, idle_until = $4, ends_at = $5 WHERE city_id = $1 AND token = $2 AND stage = 'password'`,
			now.hash, int64(tx.Now()), min(ends, int64(tx.Now())+micros(s.Policy.Idle)), ends); err != nil {
			return ledger.Act{}, err
		}
		if err := forgive(ctx, tx.Tx, b); err != nil {
			return ledger.Act{}, err
		}
		if err := know(ctx, tx.Tx, now.ID, now.device); err != nil {
			return ledger.Act{}, err
		}
		return s.signedAct(ctx, tx, now, before, kind, b)
	})
	return err
}

// normalCode reads a code as people type it: with blanks, hyphens, small letters, O for 0.
func normalCode(code string) string {
	if len(code) > 64 {
		return ""
	}
	code = strings.ToUpper(text.Fold(code))
	return strings.NewReplacer(" ", "", "-", "", "O", "0", "I", "1", "L", "1").Replace(code)
}
