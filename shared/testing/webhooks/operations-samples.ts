import { json, type Sample, TIME } from './sample.ts'

/** Deliveries of incidents, errors, issues, tickets, customer records and forms. */
export const operationsSamples: readonly Sample[] = [
  {
    name: 'pagerduty',
    source: 'pagerduty',
    payload: json({
      event: {
        id: '01',
        event_type: 'incident.triggered',
        occurred_at: TIME,
        data: { id: 'P1', urgency: 'high' },
      },
    }),
    expected: {
      type: 'pagerduty.incident.triggered',
      subject: 'P1',
      id: '01',
      time: TIME,
      severity: 'high',
    },
  },
  {
    name: 'sentry',
    source: 'sentry',
    payload: json({ action: 'created', data: { issue: { id: '1170', level: 'fatal' } } }),
    headers: { 'sentry-hook-resource': 'issue', 'request-id': 'r-1' },
    expected: { type: 'sentry.issue', subject: '1170', id: 'r-1', severity: 'critical' },
  },
  {
    name: 'linear',
    source: 'linear',
    payload: (at) =>
      JSON.stringify({
        action: 'update',
        type: 'Issue',
        createdAt: TIME,
        webhookTimestamp: at.getTime(),
        data: { id: 'i1', identifier: 'LIN-9', priorityLabel: 'Urgent' },
      }),
    headers: { 'linear-delivery': 'd-1', 'linear-event': 'Issue' },
    expected: { type: 'linear.Issue', subject: 'LIN-9', id: 'd-1', time: TIME, severity: 'critical' },
  },
  {
    name: 'zendesk',
    source: 'zendesk',
    payload: json({ type: 'zen:event-type:ticket.created', subject: 'zen:ticket:1', time: TIME }),
    headers: { 'x-zendesk-webhook-invocation-id': 'inv-1' },
    expected: { type: 'zendesk.ticket.created', subject: 'zen:ticket:1', id: 'inv-1', time: TIME },
  },
  {
    name: 'hubspot',
    source: 'hubspot',
    payload: json([
      {
        eventId: 100,
        subscriptionType: 'contact.creation',
        objectId: 123,
        occurredAt: 1795248000000,
        attemptNumber: 0,
      },
    ]),
    expected: { type: 'hubspot.contact.creation', subject: '123', time: '2026-11-21T08:00:00.000Z' },
  },
  {
    name: 'typeform',
    source: 'typeform',
    payload: json({
      event_id: 'tf-1',
      event_type: 'form_response',
      form_response: { form_id: 'lT4Z3j', submitted_at: TIME },
    }),
    expected: { type: 'typeform.form_response', subject: 'lT4Z3j', id: 'tf-1', time: TIME },
  },
]
