-- A PostgreSQL database as release 0.1.0 left it: its own tables, written by itself, with rows in each.
CREATE TABLE public.card (
    uuid text NOT NULL,
    service character varying(200) NOT NULL,
    hook_instance text NOT NULL,
    topic character varying(200) NOT NULL,
    indicator character varying(20) NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    suggestions json NOT NULL
);
CREATE TABLE public.feedback (
    id integer NOT NULL,
    card_uuid text NOT NULL,
    service character varying(200) NOT NULL,
    outcome character varying(40) NOT NULL,
    outcome_timestamp timestamp with time zone NOT NULL,
    accepted_suggestions json NOT NULL,
    override_reason_code text,
    override_reason_system text,
    override_reason_display text,
    user_comment text,
    received_at timestamp with time zone NOT NULL,
    known boolean NOT NULL
);
CREATE SEQUENCE public.feedback_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.feedback_id_seq OWNED BY public.feedback.id;
CREATE TABLE public.seen_token (
    issuer character varying(500) NOT NULL,
    jti_sha256 character varying(64) NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.smart_sealed (
    purpose character varying(16) NOT NULL,
    name_sha256 character varying(64) NOT NULL,
    sealed bytea NOT NULL,
    expires_at bigint NOT NULL
);
ALTER TABLE ONLY public.feedback ALTER COLUMN id SET DEFAULT nextval('public.feedback_id_seq'::regclass);
INSERT INTO public.card VALUES ('card-1', 'calciphylaxis-patient-view', 'hook-1', 'vka-cua', 'critical', '2026-11-23 12:00:00+00', '[{"uuid": "s-1", "label": "Stop warfarin"}]');
INSERT INTO public.feedback VALUES (1, 'card-1', 'calciphylaxis-patient-view', 'overridden', '2026-11-23 12:00:00+00', '[]', 'mechanical-valve', 'urn:calciphylaxis-cds:override-reason', 'Mechanical valve', 'Zephyrine''s valve', '2026-11-23 12:01:00+00', true);
INSERT INTO public.feedback VALUES (2, 'card-1', 'calciphylaxis-patient-view', 'accepted', '9999-12-31 23:59:59+00', '["s-1"]', NULL, NULL, NULL, NULL, '2026-11-23 12:01:00+00', true);
INSERT INTO public.feedback VALUES (3, 'card-9', 'calciphylaxis-patient-view', 'overridden', '2026-11-23 12:00:00+00', '[]', NULL, NULL, NULL, NULL, '2026-11-23 12:01:00+00', false);
INSERT INTO public.seen_token VALUES ('urn:a', '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b', 1795435501);
INSERT INTO public.smart_sealed VALUES ('session', '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', '\x02a90a29b2fb0d0416325b01a5270872932851e55e742cfebf0da0a77b48b83fe6eaf1', 1795435260);
SELECT pg_catalog.setval('public.feedback_id_seq', 3, true);
ALTER TABLE ONLY public.card
    ADD CONSTRAINT card_pkey PRIMARY KEY (uuid);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT feedback_once UNIQUE (service, card_uuid, outcome, outcome_timestamp);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT feedback_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.seen_token
    ADD CONSTRAINT seen_token_pkey PRIMARY KEY (issuer, jti_sha256);
ALTER TABLE ONLY public.smart_sealed
    ADD CONSTRAINT smart_sealed_pkey PRIMARY KEY (purpose, name_sha256);
CREATE INDEX feedback_received_at ON public.feedback USING btree (received_at);
CREATE INDEX seen_token_expires_at ON public.seen_token USING btree (expires_at);
CREATE INDEX smart_sealed_expires_at ON public.smart_sealed USING btree (expires_at);
