//! Every table of the schema, in the order of the migrations that create them.
//!
//! One declaration serves both engines; the tests load every column of every table on each. Tables
//! whose key is composite `(org_id, …)` have no `joinable!`: such joins say `.on(…)` with both columns.
//! Only the tables that are really joined may appear together: the all-pairs macro is quadratic.

diesel::table! {
    organizations (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        time_zone -> Text,
        currency -> Text,
        created_at -> Timestamptz,
        deactivated_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    departments (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        parent_id -> Nullable<Uuid>,
        name -> Text,
        created_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    accounts (id) {
        id -> Uuid,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        password_hash -> Text,
        password_changed_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    members (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        account_id -> Nullable<Uuid>,
        role -> Text,
        department_id -> Nullable<Uuid>,
        name -> Text,
        title -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        tags -> Jsonb,
        external_ref -> Nullable<Text>,
        joined_at -> Timestamptz,
        deactivated_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    emergency_contacts (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        name -> Text,
        phone -> Text,
        relation -> Nullable<Text>,
        position -> Integer,
    }
}

diesel::table! {
    invitations (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        role -> Text,
        department_id -> Nullable<Uuid>,
        title -> Nullable<Text>,
        token_hash -> Text,
        invited_by -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        accepted_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        member_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    login_sessions (id) {
        id -> Uuid,
        account_id -> Uuid,
        org_id -> Nullable<Uuid>,
        member_id -> Nullable<Uuid>,
        device -> Nullable<Text>,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoked_because -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Text,
        login_id -> Uuid,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sign_in_attempts (key) {
        key -> Text,
        failures -> Integer,
        first_failed_at -> Timestamptz,
        last_failed_at -> Timestamptz,
        locked_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    api_tokens (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        prefix -> Text,
        token_hash -> Text,
        scopes -> Jsonb,
        created_by -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    places (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        address -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        radius_m -> Nullable<Integer>,
        polygon -> Nullable<Jsonb>,
        time_zone -> Text,
        external_ref -> Nullable<Text>,
        created_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    clients (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        phone -> Nullable<Text>,
        member_id -> Nullable<Uuid>,
        notes -> Nullable<Text>,
        created_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
        other_phones -> Jsonb,
        is_newborn -> Bool,
    }
}

diesel::table! {
    client_places (org_id, client_id, place_id) {
        org_id -> Uuid,
        client_id -> Uuid,
        place_id -> Uuid,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    shifts (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        place_id -> Nullable<Uuid>,
        kind -> Text,
        work_date -> Date,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        break_minutes -> Integer,
        external_ref -> Nullable<Text>,
        created_at -> Timestamptz,
        cancelled_at -> Nullable<Timestamptz>,
        shape -> Nullable<Jsonb>,
        type_id -> Nullable<Uuid>,
        series_id -> Nullable<Uuid>,
        series_day -> Nullable<Date>,
        leave_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    work_sessions (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        department_id -> Nullable<Uuid>,
        place_id -> Nullable<Uuid>,
        client_id -> Nullable<Uuid>,
        shift_id -> Nullable<Uuid>,
        service -> Nullable<Text>,
        status -> Text,
        work_date -> Date,
        clocked_in_at -> Timestamptz,
        clocked_out_at -> Nullable<Timestamptz>,
        lateness -> Nullable<Text>,
        minutes_late -> Nullable<Integer>,
        fence_in -> Text,
        distance_in_m -> Nullable<Double>,
        fence_out -> Nullable<Text>,
        distance_out_m -> Nullable<Double>,
        flags -> Jsonb,
        needs_review -> Bool,
        leaving -> Nullable<Text>,
        minutes_early -> Nullable<Integer>,
        required -> Jsonb,
        breaks -> Jsonb,
        hours -> Nullable<Jsonb>,
        paid_minutes -> Nullable<Integer>,
        tasks -> Jsonb,
        is_manual -> Bool,
    }
}

diesel::table! {
    punches (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        session_id -> Nullable<Uuid>,
        member_id -> Uuid,
        direction -> Text,
        source -> Text,
        occurred_at -> Timestamptz,
        received_at -> Timestamptz,
        device_at -> Nullable<Timestamptz>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        accuracy_m -> Nullable<Double>,
        place_id -> Nullable<Uuid>,
        fence -> Text,
        distance_m -> Nullable<Double>,
        remark -> Nullable<Text>,
        mock_location -> Bool,
        device -> Jsonb,
        external_ref -> Nullable<Text>,
        role -> Text,
        client_ref -> Nullable<Text>,
        break_kind -> Nullable<Text>,
        trust -> Text,
        skew_seconds -> Nullable<Integer>,
        emergency -> Bool,
        made_by -> Nullable<Uuid>,
        reason_code -> Nullable<Text>,
        memo -> Nullable<Text>,
        said -> Jsonb,
        device_id -> Nullable<Text>,
    }
}

diesel::table! {
    session_notes (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        session_id -> Uuid,
        author_id -> Uuid,
        body -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    location_pings (org_id, session_id, captured_at) {
        org_id -> Uuid,
        session_id -> Uuid,
        captured_at -> Timestamptz,
        received_at -> Timestamptz,
        latitude -> Double,
        longitude -> Double,
        accuracy_m -> Double,
        mock_location -> Bool,
    }
}

diesel::table! {
    rule_decisions (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        hook -> Text,
        contract -> Integer,
        subject_id -> Uuid,
        event_at -> Timestamptz,
        decided_at -> Timestamptz,
        release -> Text,
        status -> Text,
        outcome -> Jsonb,
        reasons -> Jsonb,
        read -> Jsonb,
        layers -> Jsonb,
        operations -> BigInt,
        duration_us -> BigInt,
        problem -> Nullable<Jsonb>,
        release_number -> BigInt,
        member_id -> Nullable<Uuid>,
        mode -> Text,
        diverges -> Bool,
        facts -> Nullable<Text>,
        scopes -> Jsonb,
    }
}

diesel::table! {
    rule_snapshots (org_id, digest) {
        org_id -> Uuid,
        digest -> Text,
        body -> Jsonb,
    }
}

diesel::table! {
    rule_snapshot_parts (org_id, digest) {
        org_id -> Uuid,
        digest -> Text,
        body -> Jsonb,
    }
}

diesel::table! {
    rule_retention (org_id) {
        org_id -> Uuid,
        facts_days -> Integer,
    }
}

diesel::table! {
    rule_cases (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        hook -> Text,
        name -> Text,
        body -> Jsonb,
        decision_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    rule_replays (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        hook -> Text,
        state -> Text,
        candidate -> Jsonb,
        candidate_release -> Nullable<BigInt>,
        from_at -> Timestamptz,
        to_at -> Timestamptz,
        created_at -> Timestamptz,
        heartbeat_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        total -> BigInt,
        done -> BigInt,
        result -> Nullable<Jsonb>,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    rule_replay_changes (org_id, replay_id, event_at, decision_id) {
        org_id -> Uuid,
        replay_id -> Uuid,
        decision_id -> Uuid,
        member_id -> Nullable<Uuid>,
        event_at -> Timestamptz,
        is_failing -> Bool,
        body -> Jsonb,
    }
}

diesel::table! {
    outbox (id) {
        id -> Uuid,
        org_id -> Uuid,
        stream -> Text,
        kind -> Text,
        version -> Integer,
        payload -> Jsonb,
        occurred_at -> Timestamptz,
    }
}

diesel::table! {
    events (org_id, number) {
        org_id -> Uuid,
        number -> BigInt,
        position -> BigInt,
        id -> Uuid,
        kind -> Text,
        version -> Integer,
        payload -> Jsonb,
        occurred_at -> Timestamptz,
        numbered_at -> Timestamptz,
    }
}

diesel::table! {
    heads (org_id) {
        org_id -> Uuid,
        last_event -> BigInt,
        last_audit -> BigInt,
        last_audit_hash -> Text,
    }
}

diesel::table! {
    idempotency_keys (org_id, actor_id, key) {
        org_id -> Uuid,
        actor_id -> Uuid,
        key -> Text,
        action -> Text,
        input_hash -> Text,
        subject_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    audit_entries (org_id, number) {
        org_id -> Uuid,
        number -> BigInt,
        id -> Uuid,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        permission -> Text,
        target_kind -> Text,
        target_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        request_id -> Text,
        detail -> Jsonb,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    rule_drafts (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        topic -> Text,
        proposal -> Jsonb,
        takes_over -> Bool,
        base -> BigInt,
        author_id -> Uuid,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    rule_releases (org_id, number) {
        org_id -> Uuid,
        number -> BigInt,
        id -> Uuid,
        parent -> BigInt,
        digest -> Text,
        content -> Jsonb,
        files -> Jsonb,
        tests -> Jsonb,
        topics -> Jsonb,
        engine -> Text,
        origin -> Text,
        risk -> Text,
        state -> Text,
        note -> Nullable<Text>,
        author_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    rule_reviews (org_id, number, member_id) {
        org_id -> Uuid,
        number -> BigInt,
        member_id -> Uuid,
        author_id -> Uuid,
        verdict -> Text,
        note -> Nullable<Text>,
        digest -> Text,
        reviewed_at -> Timestamptz,
    }
}

diesel::table! {
    rule_activations (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        number -> BigInt,
        parent -> BigInt,
        effective_from -> Timestamptz,
        activated_at -> Timestamptz,
        activated_by -> Nullable<Uuid>,
        alone -> Bool,
        reason -> Nullable<Text>,
        cancelled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    rule_duties (org_id, member_id, duty) {
        org_id -> Uuid,
        member_id -> Uuid,
        duty -> Text,
        given_by -> Nullable<Uuid>,
        given_at -> Timestamptz,
    }
}

diesel::table! {
    rule_nodes (node) {
        node -> Text,
        digest -> Text,
        since -> Timestamptz,
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    rule_node_releases (org_id, node) {
        org_id -> Uuid,
        node -> Text,
        number -> BigInt,
        problem -> Nullable<Text>,
        since -> Timestamptz,
    }
}

diesel::table! {
    punch_edits (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        punch_id -> Uuid,
        member_id -> Uuid,
        change -> Text,
        occurred_at -> Nullable<Timestamptz>,
        reason_code -> Text,
        memo -> Nullable<Text>,
        attested -> Bool,
        made_by -> Nullable<Uuid>,
        made_at -> Timestamptz,
        correction_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    session_versions (org_id, session_id, number) {
        org_id -> Uuid,
        session_id -> Uuid,
        number -> Integer,
        since -> Timestamptz,
        until -> Timestamptz,
        body -> Jsonb,
    }
}

diesel::table! {
    work_days (org_id, member_id, work_date) {
        org_id -> Uuid,
        member_id -> Uuid,
        work_date -> Date,
        department_id -> Nullable<Uuid>,
        place_id -> Nullable<Uuid>,
        status -> Nullable<Text>,
        leave -> Text,
        is_holiday -> Bool,
        first_in -> Nullable<Timestamptz>,
        last_out -> Nullable<Timestamptz>,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    day_parts (org_id, member_id, work_date, department_id, place_id) {
        org_id -> Uuid,
        member_id -> Uuid,
        work_date -> Date,
        department_id -> Uuid,
        place_id -> Uuid,
        people_days -> BigInt,
        planned_minutes -> BigInt,
        worked_minutes -> BigInt,
        paid_minutes -> BigInt,
        regular_minutes -> BigInt,
        overtime_minutes -> BigInt,
        night_minutes -> BigInt,
        holiday_minutes -> BigInt,
        break_minutes -> BigInt,
        rounding_minutes -> BigInt,
        sessions -> BigInt,
        starts -> BigInt,
        late_count -> BigInt,
        late_minutes -> BigInt,
        early_count -> BigInt,
        early_minutes -> BigInt,
        present_days -> BigInt,
        late_days -> BigInt,
        half_days -> BigInt,
        absent_days -> BigInt,
        leave_days -> BigInt,
        confirmed -> BigInt,
        compliant -> BigInt,
    }
}

diesel::table! {
    group_days (org_id, work_date, department_id, place_id) {
        org_id -> Uuid,
        work_date -> Date,
        department_id -> Uuid,
        place_id -> Uuid,
        people_days -> BigInt,
        planned_minutes -> BigInt,
        worked_minutes -> BigInt,
        paid_minutes -> BigInt,
        regular_minutes -> BigInt,
        overtime_minutes -> BigInt,
        night_minutes -> BigInt,
        holiday_minutes -> BigInt,
        break_minutes -> BigInt,
        rounding_minutes -> BigInt,
        sessions -> BigInt,
        starts -> BigInt,
        late_count -> BigInt,
        late_minutes -> BigInt,
        early_count -> BigInt,
        early_minutes -> BigInt,
        present_days -> BigInt,
        late_days -> BigInt,
        half_days -> BigInt,
        absent_days -> BigInt,
        leave_days -> BigInt,
        confirmed -> BigInt,
        compliant -> BigInt,
    }
}

diesel::table! {
    exceptions (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        subject -> Text,
        kind -> Text,
        code -> Text,
        severity -> Text,
        state -> Text,
        score -> Integer,
        detail -> Jsonb,
        member_id -> Uuid,
        department_id -> Nullable<Uuid>,
        place_id -> Nullable<Uuid>,
        session_id -> Nullable<Uuid>,
        punch_id -> Nullable<Uuid>,
        work_date -> Date,
        assigned_to -> Nullable<Uuid>,
        opened_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        closed_by -> Nullable<Uuid>,
        reason_code -> Nullable<Text>,
        resolution_code -> Nullable<Text>,
        memo -> Nullable<Text>,
        attested -> Bool,
        changes -> Integer,
    }
}

diesel::table! {
    exception_changes (org_id, exception_id, number) {
        org_id -> Uuid,
        exception_id -> Uuid,
        number -> Integer,
        at -> Timestamptz,
        change -> Text,
        made_by -> Nullable<Uuid>,
        detail -> Jsonb,
    }
}

diesel::table! {
    member_departments (org_id, member_id, effective_from) {
        org_id -> Uuid,
        member_id -> Uuid,
        effective_from -> Date,
        department_id -> Nullable<Uuid>,
        recorded_at -> Timestamptz,
        recorded_by -> Nullable<Uuid>,
        applied_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    member_imports (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        made_by -> Uuid,
        made_at -> Timestamptz,
        resumed_at -> Nullable<Timestamptz>,
        options -> Jsonb,
        header -> Jsonb,
        counts -> Jsonb,
        failed -> Jsonb,
        remarks -> Jsonb,
    }
}

diesel::table! {
    client_contacts (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        client_id -> Uuid,
        name -> Text,
        phone -> Text,
        relation -> Nullable<Text>,
        position -> Integer,
    }
}

diesel::table! {
    exception_codes (org_id, kind, code) {
        org_id -> Uuid,
        kind -> Text,
        code -> Text,
        label -> Text,
        memo_required -> Bool,
        is_active -> Bool,
        position -> Integer,
        profile -> Text,
    }
}

diesel::table! {
    reactions (name) {
        name -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    holidays (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        day -> Date,
        name -> Text,
        place_id -> Nullable<Uuid>,
        department_id -> Nullable<Uuid>,
        scope_id -> Uuid,
        source -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    business_hours (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        place_id -> Nullable<Uuid>,
        department_id -> Nullable<Uuid>,
        scope_id -> Uuid,
        since -> Date,
        week -> Nullable<Jsonb>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    shift_types (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        shape -> Jsonb,
        created_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    shift_series (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        place_id -> Nullable<Uuid>,
        type_id -> Nullable<Uuid>,
        shape -> Jsonb,
        recurrence -> Text,
        first_day -> Date,
        last_day -> Nullable<Date>,
        planned_to -> Date,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    shift_series_changes (org_id, series_id, day) {
        org_id -> Uuid,
        series_id -> Uuid,
        day -> Date,
        moved_to -> Nullable<Date>,
        shape -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    leave_types (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        pay -> Text,
        counts -> Text,
        half_days_allowed -> Bool,
        needs_balance -> Bool,
        yearly_half_days -> Nullable<Integer>,
        source -> Text,
        created_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    leave_requests (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        type_id -> Uuid,
        first_day -> Date,
        last_day -> Date,
        half -> Nullable<Text>,
        half_days -> Integer,
        reason -> Nullable<Text>,
        status -> Text,
        created_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        decision -> Nullable<Text>,
        external_ref -> Nullable<Text>,
    }
}

diesel::table! {
    leave_entries (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        type_id -> Uuid,
        half_days -> Integer,
        leave_id -> Nullable<Uuid>,
        note -> Nullable<Text>,
        made_by -> Nullable<Uuid>,
        made_at -> Timestamptz,
    }
}

diesel::table! {
    group_months (org_id, month, department_id, place_id) {
        org_id -> Uuid,
        month -> Date,
        department_id -> Uuid,
        place_id -> Uuid,
        people_days -> BigInt,
        planned_minutes -> BigInt,
        worked_minutes -> BigInt,
        paid_minutes -> BigInt,
        regular_minutes -> BigInt,
        overtime_minutes -> BigInt,
        night_minutes -> BigInt,
        holiday_minutes -> BigInt,
        break_minutes -> BigInt,
        rounding_minutes -> BigInt,
        sessions -> BigInt,
        starts -> BigInt,
        late_count -> BigInt,
        late_minutes -> BigInt,
        early_count -> BigInt,
        early_minutes -> BigInt,
        present_days -> BigInt,
        late_days -> BigInt,
        half_days -> BigInt,
        absent_days -> BigInt,
        leave_days -> BigInt,
        confirmed -> BigInt,
        compliant -> BigInt,
    }
}

diesel::table! {
    day_closings (org_id) {
        org_id -> Uuid,
        closed_to -> Timestamptz,
    }
}

diesel::table! {
    gatherings (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        title -> Text,
        kind -> Text,
        note -> Nullable<Text>,
        place_id -> Nullable<Uuid>,
        radius_m -> Nullable<Integer>,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        time_zone -> Text,
        opens_minutes -> Integer,
        closes_minutes -> Nullable<Integer>,
        opens_at -> Timestamptz,
        check_in_until -> Timestamptz,
        closes_at -> Timestamptz,
        late_after_minutes -> Nullable<Integer>,
        code_required -> Bool,
        secret -> Text,
        roster -> Text,
        department_id -> Nullable<Uuid>,
        organizer_id -> Nullable<Uuid>,
        series_id -> Nullable<Uuid>,
        state -> Text,
        cancel_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        cancelled_at -> Nullable<Timestamptz>,
        series_day -> Nullable<Date>,
    }
}

diesel::table! {
    gathering_series (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        pattern -> Jsonb,
        place_id -> Nullable<Uuid>,
        department_id -> Nullable<Uuid>,
        organizer_id -> Nullable<Uuid>,
        time_zone -> Text,
        recurrence -> Text,
        first_day -> Date,
        last_day -> Nullable<Date>,
        planned_to -> Date,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    gathering_series_changes (org_id, series_id, day) {
        org_id -> Uuid,
        series_id -> Uuid,
        day -> Date,
        moved -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    gathering_members (org_id, gathering_id, member_id) {
        org_id -> Uuid,
        gathering_id -> Uuid,
        member_id -> Uuid,
    }
}

diesel::table! {
    attendance_records (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        gathering_id -> Uuid,
        member_id -> Uuid,
        department_id -> Nullable<Uuid>,
        status -> Text,
        method -> Nullable<Text>,
        checked_in_at -> Nullable<Timestamptz>,
        in_received_at -> Nullable<Timestamptz>,
        in_device_at -> Nullable<Timestamptz>,
        checked_out_at -> Nullable<Timestamptz>,
        out_received_at -> Nullable<Timestamptz>,
        out_device_at -> Nullable<Timestamptz>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        accuracy_m -> Nullable<Double>,
        fence_in -> Text,
        distance_in_m -> Nullable<Double>,
        fence_out -> Nullable<Text>,
        distance_out_m -> Nullable<Double>,
        minutes_late -> Nullable<Integer>,
        flags -> Jsonb,
        needs_review -> Bool,
        forced_by -> Nullable<Uuid>,
        memo -> Nullable<Text>,
        attested -> Bool,
        note -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        reason_code -> Nullable<Text>,
    }
}

diesel::table! {
    gathering_guesses (org_id, gathering_id, member_id) {
        org_id -> Uuid,
        gathering_id -> Uuid,
        member_id -> Uuid,
        wrong -> Integer,
        since -> Timestamptz,
    }
}

diesel::table! {
    corrections (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        state -> Text,
        changes -> Jsonb,
        reason_code -> Text,
        memo -> Nullable<Text>,
        requested_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        decision_memo -> Nullable<Text>,
        effect -> Nullable<Jsonb>,
    }
}

diesel::table! {
    timesheets (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        member_id -> Uuid,
        starts_on -> Date,
        ends_on -> Date,
        state -> Text,
        content -> Nullable<Jsonb>,
        hash -> Nullable<Text>,
        submitted_at -> Nullable<Timestamptz>,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        memo -> Nullable<Text>,
        locked_at -> Nullable<Timestamptz>,
        locked_by -> Nullable<Uuid>,
        changes -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    timesheet_policies (org_id) {
        org_id -> Uuid,
        period -> Text,
        anchor -> Date,
        set_at -> Timestamptz,
    }
}

diesel::joinable!(members -> accounts (account_id));
diesel::joinable!(members -> organizations (org_id));
diesel::joinable!(login_sessions -> accounts (account_id));

diesel::allow_tables_to_appear_in_same_query!(work_sessions, members);
diesel::allow_tables_to_appear_in_same_query!(members, accounts);
diesel::allow_tables_to_appear_in_same_query!(members, departments);
diesel::allow_tables_to_appear_in_same_query!(members, organizations);
diesel::allow_tables_to_appear_in_same_query!(login_sessions, accounts);
diesel::allow_tables_to_appear_in_same_query!(login_sessions, members);
diesel::allow_tables_to_appear_in_same_query!(clients, client_places, places);
diesel::allow_tables_to_appear_in_same_query!(work_sessions, shifts);
diesel::allow_tables_to_appear_in_same_query!(shifts, members);
diesel::allow_tables_to_appear_in_same_query!(rule_decisions, members);
diesel::allow_tables_to_appear_in_same_query!(rule_replays, rule_replay_changes);
diesel::allow_tables_to_appear_in_same_query!(punches, work_sessions);
diesel::allow_tables_to_appear_in_same_query!(punch_edits, punches);
diesel::allow_tables_to_appear_in_same_query!(punch_edits, work_sessions);
diesel::allow_tables_to_appear_in_same_query!(shift_series, members);
diesel::allow_tables_to_appear_in_same_query!(leave_requests, members);
diesel::allow_tables_to_appear_in_same_query!(day_parts, members);
diesel::allow_tables_to_appear_in_same_query!(work_days, members);
diesel::allow_tables_to_appear_in_same_query!(gatherings, gathering_members, attendance_records);
diesel::allow_tables_to_appear_in_same_query!(gathering_members, members);
diesel::allow_tables_to_appear_in_same_query!(punches, members);
diesel::allow_tables_to_appear_in_same_query!(corrections, members);
diesel::allow_tables_to_appear_in_same_query!(timesheets, members);
