package api

import "github.com/stoa-rooms/stoa/statement"

// PathWithdrawal is how the founder withdraws a node, relative to Base.
const PathWithdrawal = "/nodes/{node}/withdrawal" // GET Withdrawal; POST WithdrawNode -> 204

// Withdrawal is what the founder signs to withdraw a node: for each delegate a revoke with these log prefixes.
type Withdrawal struct {
	Delegates []statement.ID        `json:"delegates" nullable:"false" doc:"The node's delegates that are in force."`
	Upto      []statement.LogPrefix `json:"upto" nullable:"false" doc:"How much of the node's log is here. It goes on to count; what comes after is void."`
}

// WithdrawNode takes the founder's word for a node back.
type WithdrawNode struct {
	Revokes []string `json:"revokes" nullable:"false" minItems:"1" maxItems:"32" doc:"A revoke statement for each of the node's delegates."`
}
