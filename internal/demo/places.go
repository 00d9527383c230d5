package demo

import (
	"fmt"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/seal"
)

const townshipsAll = 160

type county struct {
	unit      access.Unit
	offices   []access.Unit
	townships []*township
	subjects  []subject // people of the register that reports are about
	heat      float64   // how much is reported here, 1 being the mean
}

type township struct {
	unit     access.Unit
	county   *county
	villages []access.Unit
	n        int // among all townships
}

// act runs something as one act of the host's command line: setting the place up.
func (b *builder) act(city id.City, action string, organ access.Unit, params map[string]any, do func(tx *ledger.Tx) error) error {
	_, err := b.app.Ledger.Write(b.ctx, access.ByOperator(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
		if err := do(tx); err != nil {
			return ledger.Act{}, err
		}
		at := organ
		if at.ID.Zero() {
			at = b.top(city)
		}
		return ledger.Act{Action: action, Organ: at.OrganID(), Params: params}, nil
	})
	b.out.Acts++
	return err
}

func (b *builder) top(city id.City) access.Unit {
	if city == Province {
		return b.province
	}
	return b.city
}

// places opens the tenants and the units.
func (b *builder) places() error {
	for _, t := range []app.Tenant{{City: Province, Kind: "province", Name: "XX省", Code: "990000000000"}, {City: City, Kind: "city", Name: "XX市", Above: Province, Code: "990100000000"}} {
		if err := app.AddTenant(b.ctx, b.app.DB, t); err != nil {
			return err
		}
	}
	const opened = calendar.Date("2012-01-01")
	open := func(city id.City, in ...org.NewUnit) (out []access.Unit, err error) {
		err = b.act(city, "unit.open", access.Unit{}, map[string]any{"units": len(in)}, func(tx *ledger.Tx) error {
			out, err = org.OpenUnits(b.ctx, tx, in)
			if err == nil && b.top(city).ID.Zero() {
				if city == Province {
					b.province = out[0]
				} else {
					b.city = out[0]
				}
			}
			return err
		})
		return out, err
	}
	if _, err := open(Province, org.NewUnit{Kind: "province", Code: "990000000000", Name: "XX省", Short: "XX省", Opened: opened}); err != nil {
		return err
	}
	if _, err := open(City, org.NewUnit{Kind: "city", Code: "990100000000", Name: "XX市", Short: "XX市", Opened: opened}); err != nil {
		return err
	}
	offices := func(up access.Unit, names ...string) []org.NewUnit {
		var in []org.NewUnit
		for _, n := range names {
			in = append(in, org.NewUnit{Kind: "office", Name: n, Superior: up, Opened: opened})
		}
		return in
	}
	if _, err := open(City, offices(b.city, "第一监督检查室", "第二监督检查室", "第三审查调查室")...); err != nil {
		return err
	}
	var in []org.NewUnit
	for i, n := range countyNames {
		in = append(in, org.NewUnit{Kind: "county", Code: fmt.Sprintf("9901%02d000000", i+1), Name: n, Short: short(n), Superior: b.city, Opened: opened})
	}
	us, err := open(City, in...)
	if err != nil {
		return err
	}
	names := townshipNames(b.r, townshipsAll)
	n := 0
	for i, u := range us {
		c := &county{unit: u, heat: 0.6 + 0.08*float64((i*7)%11)}
		if i == 0 {
			c.heat = 1.6 // where most of the sign-ins are
		}
		b.counties = append(b.counties, c)
		if c.offices, err = open(City, offices(u, "第一纪检监察室", "第二纪检监察室", "第三纪检监察室")...); err != nil {
			return err
		}
		count := townshipsAll / len(us)
		if i < townshipsAll%len(us) {
			count++
		}
		in = nil
		for k := range count {
			in = append(in, org.NewUnit{Kind: "township", Code: fmt.Sprintf("9901%02d%03d000", i+1, k+1), Name: names[n+k], Superior: u, Office: c.offices[k%2].ID.Key, Opened: opened})
		}
		n += count
		ts, err := open(City, in...)
		if err != nil {
			return err
		}
		in = nil
		for k, t := range ts {
			tw := &township{unit: t, county: c, n: n - count + k}
			c.townships = append(c.townships, tw)
			for v, name := range villageNames(b.r, 11+b.r.IntN(3)) {
				in = append(in, org.NewUnit{Kind: "village", Code: fmt.Sprintf("9901%02d%03d%03d", i+1, k+1, 201+v), Name: name, Superior: t, Opened: opened})
			}
		}
		vs, err := open(City, in...)
		if err != nil {
			return err
		}
		for _, v := range vs {
			for _, t := range c.townships {
				if t.unit.ID.Key == v.Township {
					t.villages = append(t.villages, v)
				}
			}
		}
	}
	return nil
}

var secret = seal.Secret{Passphrase: Passphrase}

// keys makes the organs' keys.
func (b *builder) keys() error {
	organs := []access.Unit{b.province, b.city}
	for _, c := range b.counties {
		organs = append(organs, c.unit)
	}
	b.app.Custody.Make = b.slow.pair
	for _, u := range organs {
		if err := b.app.Custody.MakeKey(b.ctx, access.ByOperator(u.ID.City), u, secret); err != nil {
			return err
		}
	}
	return nil
}

// mostLogins is how many hashes of the demonstration's password are made beside the work.
const mostLogins = 40

// slow is what is slow on purpose, made beside the work and ahead of its use, on one core: first the organs' key pairs, then
// hashes of the demonstration's password.
type slow struct {
	pairs  chan pair
	hashes chan string
}

type pair struct {
	private, public, wrapped string
	err                      error
}

func beside() slow {
	n := len(countyNames) + 2
	s := slow{make(chan pair, n), make(chan string, mostLogins)}
	go func() {
		for range n {
			private, public, wrapped, err := custody.NewPair(seal.Age, secret)
			s.pairs <- pair{private, public, wrapped, err}
		}
		for range mostLogins {
			s.hashes <- account.Demonstration().Cost.Hash(account.DemoPassword)
		}
		close(s.hashes)
	}()
	return s
}

func (s slow) pair(string, seal.Secret) (string, string, string, error) {
	p := <-s.pairs
	return p.private, p.public, p.wrapped, p.err
}

func (s slow) hash() string {
	if h, ok := <-s.hashes; ok {
		return h
	}
	return account.Demonstration().Cost.Hash(account.DemoPassword)
}

// login is a sign-in of the demonstration.
type login struct {
	name   string
	city   id.City
	person id.Key
}

// accounts makes the sign-ins, all with the demonstration's password.
func (b *builder) accounts() error {
	for _, city := range []id.City{Province, City} {
		var in []account.ReadyAccount
		for _, l := range b.logins {
			if l.city == city {
				in = append(in, account.ReadyAccount{Person: l.person, Login: l.name, Hash: b.slow.hash()})
			}
		}
		err := b.act(city, "account.create", access.Unit{}, map[string]any{"accounts": len(in)}, func(tx *ledger.Tx) error { return account.CreateMany(b.ctx, tx, in) })
		if err != nil {
			return err
		}
	}
	return nil
}
