// Package witness watches the logs of a deployment from another machine, under a key of its own (D11): whoever owns the
// deployment's database and key can make every log anew, but not what a witness remembers.
//
// The words: a round asks the deployment for its logs and their newest checkpoints; a checkpoint that grew in order
// from the one remembered is remembered in its place, and then countersigned; anything else is refused, and the two
// notes that contradict each other are kept as evidence, because both bear the deployment's own signature.
//
// What always holds: what is signed was first on the disk, so that no crash lets two different pasts be signed; keys and
// name of a deployment are those of the first round, and another one is refused until a person says that it is meant;
// a log that is gone is refused like one that shrank. A witness reads nothing but sizes and roots.
//
// Start at Round; what a reader may ask of it is Handler.
package witness
