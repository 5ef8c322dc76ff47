package import ClusterModel

/// One step of the control loops inside one transaction: plans of the services that need one, then placement of everything pending, so that
/// a new service's tasks are made and placed in a single commit.
package struct Reconciler {
  package struct Outcome {
    /// Services dealt with, and when to look at each again.
    package var done: [ServiceID: Timestamp?] = [:]
    package var failed: [ServiceID: any Error] = [:]
    /// When to place again what could not be placed.
    package var placeAgainAt: Timestamp?
    /// Not everything fitted into this transaction.
    package var hasMore = false
  }

  private let now: Timestamp
  private let newID: () -> TaskID
  private let budget: TransactionBudget

  /// - Parameters:
  ///   - newID: makes the ids of new tasks.
  ///   - budget: of each transaction.
  package init(now: Timestamp, newID: @escaping () -> TaskID, budget: TransactionBudget) {
    self.now = now
    self.newID = newID
    self.budget = budget
  }

  package func run(_ services: [ServiceID], placement: Bool, in transaction: inout some ReconcilerTransaction) throws -> Outcome {
    var outcome = Outcome()
    var budget = budget
    var placement = placement
    let nodes = NodeDirectory(transaction.nodes)
    for id in services {
      // What it waits for wakes it, see `Agenda`.
      guard var service = transaction.service(id), transaction.mayStart(service) else {
        outcome.done[id] = .some(nil)
        continue
      }
      let begins = service.waitsToStart
      service.waitsToStart = false
      var plan = ServicePlanner.plan(service: service, tasks: transaction.tasks(ofService: id), nodes: nodes, now: now, newID: newID)
      if begins, plan.service == nil, !plan.removesService { plan.service = service }
      let saved = transaction
      do {
        let complete = try apply(plan, of: service, to: &transaction, &budget)
        if plan.puts.contains(where: { $0.status.state == .pending }) || !plan.removals.isEmpty { placement = true }
        if complete { outcome.done[id] = plan.wakeAt }
      } catch {
        transaction = saved
        outcome.failed[id] = error
      }
      if budget.isExhausted { break }
    }
    if placement { outcome.placeAgainAt = try place(in: &transaction, &budget) }
    outcome.hasMore = budget.isExhausted
    return outcome
  }

  /// False when the budget ended first. The rest is planned anew then.
  private func apply(
    _ plan: ServicePlan, of service: ClusterService, to transaction: inout some ReconcilerTransaction, _ budget: inout TransactionBudget
  ) throws -> Bool {
    if plan.isEmpty { return true }
    // First: what follows from a rollout's step must not be stored without it.
    if let changed = plan.service {
      guard budget.take(changed) else { return false }
      try transaction.put(changed)
    }
    for task in plan.removals {
      guard budget.takeRemoval() else { return false }
      try transaction.remove(task)
    }
    for task in plan.puts {
      guard budget.take(task) else { return false }
      try transaction.put(task)
    }
    if plan.removesService {
      try transaction.remove(service)
    } else if plan.service == nil {
      // A spec that changes meanwhile makes the plan void.
      try transaction.check(service)
    }
    return true
  }

  private func place(in transaction: inout some ReconcilerTransaction, _ budget: inout TransactionBudget) throws -> Timestamp? {
    let isNew = { (task: ClusterTask) in task.meta.version == 0 }
    let placement = Scheduler.placement(of: transaction.tasks, nodes: transaction.nodes, now: now)
    for task in placement.changed {
      // A task made in this transaction is already paid for.
      guard isNew(task) || budget.take(task) else { break }
      try transaction.put(task)
    }
    return placement.tryAgainAt
  }
}
