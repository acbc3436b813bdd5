// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/agreementchart.h"
#include "ui/panels/comparepanel.h"
#include "ui/panels/distancechart.h"
#include "ui/panels/masschart.h"
#include "ui/panels/runschart.h"

namespace moescope::ui {

/** Where B was routed otherwise, by aligned token and layer. */
class AgreementPanel : public ComparePanel {
    Q_OBJECT
public:
    explicit AgreementPanel(Comparison* comparison, QWidget* parent = nullptr);
    AgreementChart* cells() const { return m_chart; }

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    AgreementTable* m_rows = nullptr;
    AgreementChart* m_chart = nullptr;
};

/** How differently A and B were routed, by layer. */
class DistancePanel : public ComparePanel {
    Q_OBJECT
public:
    explicit DistancePanel(Comparison* comparison, QWidget* parent = nullptr);
    DistanceChart* bars() const { return m_chart; }

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override { comparison()->selectLayer(row); }

private:
    DistanceTable* m_rows = nullptr;
    DistanceChart* m_chart = nullptr;
};

/** How much of the answers' attention falls on the marked passage, by layer. */
class MassPanel : public ComparePanel {
    Q_OBJECT
public:
    explicit MassPanel(Comparison* comparison, QWidget* parent = nullptr);
    MassChart* bars() const { return m_chart; }

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    int firstBlock() const;

    MassTable* m_rows = nullptr;
    MassChart* m_chart = nullptr;
};

/** Speed and memory of every run. */
class SpeedPanel : public ComparePanel {
    Q_OBJECT
public:
    explicit SpeedPanel(Comparison* comparison, QWidget* parent = nullptr);
    SpeedChart* list() const { return m_chart; }

signals:
    /** Each run alone, median of several. */
    void measureAllRequested();

protected:
    void addOwnActions(QMenu* menu) override;
    void refresh() override;
    int selectedRow() const override { return m_chart->current(); }
    void selectRow(int row) override { m_chart->setCurrent(row); }

private:
    SpeedTable* m_rows = nullptr;
    SpeedChart* m_chart = nullptr;
};

/** Every run beside A. */
class AllRunsPanel : public ComparePanel {
    Q_OBJECT
public:
    explicit AllRunsPanel(Comparison* comparison, QWidget* parent = nullptr);
    AllRunsChart* list() const { return m_chart; }

protected:
    void refresh() override;
    int selectedRow() const override { return m_chart->current(); }
    void selectRow(int row) override { m_chart->setCurrent(row); }

private:
    AllRunsTable* m_rows = nullptr;
    AllRunsChart* m_chart = nullptr;
};

} // namespace moescope::ui
