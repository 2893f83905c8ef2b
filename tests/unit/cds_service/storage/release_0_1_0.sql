-- An SQLite database as release 0.1.0 left it: its own tables, written by itself, with rows in each.
BEGIN TRANSACTION;
CREATE TABLE card (
  uuid TEXT NOT NULL,
  service VARCHAR(200) NOT NULL,
  hook_instance TEXT NOT NULL,
  topic VARCHAR(200) NOT NULL,
  indicator VARCHAR(20) NOT NULL,
  issued_at DATETIME NOT NULL,
  suggestions JSON NOT NULL,
  PRIMARY KEY (uuid)
);
INSERT INTO "card" VALUES('card-1','calciphylaxis-patient-view','hook-1','vka-cua','critical','2026-11-23 12:00:00.000000','[{"uuid": "s-1", "label": "Stop warfarin"}]');
CREATE TABLE feedback (
  id INTEGER NOT NULL,
  card_uuid TEXT NOT NULL,
  service VARCHAR(200) NOT NULL,
  outcome VARCHAR(40) NOT NULL,
  outcome_timestamp DATETIME NOT NULL,
  accepted_suggestions JSON NOT NULL,
  override_reason_code TEXT,
  override_reason_system TEXT,
  override_reason_display TEXT,
  user_comment TEXT,
  received_at DATETIME NOT NULL,
  known BOOLEAN NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT feedback_once UNIQUE (service, card_uuid, outcome, outcome_timestamp)
);
INSERT INTO "feedback" VALUES(1,'card-1','calciphylaxis-patient-view','overridden','2026-11-23 12:00:00.000000','[]','mechanical-valve','urn:calciphylaxis-cds:override-reason','Mechanical valve','Zephyrine''s valve','2026-11-23 12:01:00.000000',1);
INSERT INTO "feedback" VALUES(2,'card-1','calciphylaxis-patient-view','accepted','9999-12-31 23:59:59.000000','["s-1"]',NULL,NULL,NULL,NULL,'2026-11-23 12:01:00.000000',1);
INSERT INTO "feedback" VALUES(3,'card-9','calciphylaxis-patient-view','overridden','2026-11-23 12:00:00.000000','[]',NULL,NULL,NULL,NULL,'2026-11-23 12:01:00.000000',0);
CREATE TABLE seen_token (
  issuer VARCHAR(500) NOT NULL,
  jti_sha256 VARCHAR(64) NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (issuer, jti_sha256)
);
INSERT INTO "seen_token" VALUES('urn:a','6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',1795435501);
CREATE TABLE smart_sealed (
  purpose VARCHAR(16) NOT NULL,
  name_sha256 VARCHAR(64) NOT NULL,
  sealed BLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (purpose, name_sha256)
);
INSERT INTO "smart_sealed" VALUES('session','7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',X'7CA5A8F86F13EA2BBA307A3FEC25F0484E22ABBF056E08023020EB1541F7CD5FE3B200',1795435260);
CREATE INDEX feedback_received_at ON feedback (received_at);
CREATE INDEX seen_token_expires_at ON seen_token (expires_at);
CREATE INDEX smart_sealed_expires_at ON smart_sealed (expires_at);
COMMIT;
