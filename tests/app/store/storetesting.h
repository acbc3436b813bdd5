// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/store.h"

#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QVariant>

#include <functional>
#include <string>

namespace moescope::store::testing {

/** The id of the error that `action` throws; empty: none. */
inline std::string errorOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const trace::Error& error) {
        return error.id();
    }
    return {};
}

/** The sentence of the error that `action` throws. */
inline QString sentenceOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const std::exception& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

inline QString databaseIn(const QString& folder) { return folder + QStringLiteral("/moescope.sqlite"); }

/** A connection of its own, as another program would have. */
class RawDatabase {
public:
    explicit RawDatabase(const QString& file) : m_name(QStringLiteral("raw-%1").arg(++s_made)) {
        m_database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name);
        m_database.setDatabaseName(file);
        if (!m_database.open()) {
            qFatal("cannot open %s", qPrintable(file));
        }
    }
    ~RawDatabase() {
        m_database.close();
        m_database = QSqlDatabase();
        QSqlDatabase::removeDatabase(m_name);
    }
    RawDatabase(const RawDatabase&) = delete;
    RawDatabase& operator=(const RawDatabase&) = delete;

    /** The first columns of the rows. */
    QVariantList run(const QString& sql) {
        QSqlQuery query(m_database);
        if (!query.exec(sql)) {
            qFatal("%s: %s", qPrintable(sql), qPrintable(query.lastError().text()));
        }
        QVariantList values;
        while (query.next()) {
            values.append(query.value(0));
        }
        return values;
    }

private:
    static inline int s_made = 0;
    QString m_name;
    QSqlDatabase m_database;
};

/** A token as a model with `layers` routers of `experts` would send it. */
inline trace::TokenTracePtr makeToken(int n, uint32_t layers = 3, uint32_t experts = 16, uint32_t used = 2,
                                      bool probs = false) {
    auto token = std::make_shared<trace::TokenTrace>();
    token->token = 100 + n;
    token->position = static_cast<uint32_t>(n);
    token->generated = n % 2 == 1;
    token->text = " t" + std::to_string(n);
    token->probability = 1.0F / static_cast<float>(n + 1);
    trace::RouterTrace& router = token->router;
    router.moe_layers = layers;
    router.expert_count = experts;
    router.expert_used_count = used;
    for (uint32_t layer = 0; layer < layers; ++layer) {
        for (uint32_t k = 0; k < used; ++k) {
            router.experts.push_back(static_cast<uint16_t>((static_cast<uint32_t>(n) * 7 + layer * 3 + k) % experts));
            router.weights.push_back(0.5F / static_cast<float>(k + 1));
            router.chosen_probs.push_back(0.25F / static_cast<float>(k + 1));
        }
        router.runner_up.push_back(static_cast<uint16_t>((static_cast<uint32_t>(n) + layer) % experts));
        router.runner_up_prob.push_back(0.125F);
        for (uint32_t e = 0; probs && e < experts; ++e) {
            router.probs.push_back(1.0F / static_cast<float>(experts));
        }
    }
    return token;
}

} // namespace moescope::store::testing
