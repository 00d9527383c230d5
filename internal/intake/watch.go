package intake

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/envelope"
)

// Watcher has the organ above watch over whoever reported. Package reprisal does.
type Watcher interface {
	Ask(ctx context.Context, tx *ledger.Tx, register access.Unit, p envelope.Plea) error
}

// Works is where a reporter works who wants to be watched over. It is sealed to the organ above, and kept nowhere else.
type Works struct{ Unit, Post, Fear string }

func (in Entry) plea() envelope.Plea {
	return envelope.Plea{Name: in.Reporter.Name, Contact: in.Reporter.Contact, Unit: in.Works.Unit, Post: in.Works.Post, Fear: in.Works.Fear, Day: in.Received}
}
